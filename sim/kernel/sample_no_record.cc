// A shared object that is no driver, for module_loader_test.
extern "C" {
int sample_no_record = 1;
}
