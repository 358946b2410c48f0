// A live machine for a test: the server with a driver, and programs that run on it.
#ifndef DRYDOCK_LIVE_TESTS_LIVE_SESSION_H_
#define DRYDOCK_LIVE_TESTS_LIVE_SESSION_H_

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

namespace drydock::live
{

// Paths of what is started, given to the test by --NAME=PATH.
struct TestParts {
	std::string server, library, driver, dma_buffer, cases;
};
TestParts &Parts();
// Takes them out of the command line.
void TakeParts(int *argc, char **argv);

struct Ended {
	std::string output; // standard output
	std::string errors; // standard error
	int status = -1;    // exit status, or 128 + signal
};

class LiveSession
{
      public:
	// Starts the server with a driver and further options ("--param=...").
	explicit LiveSession(const std::string &driver,
			     const std::vector<std::string> &options = {});
	~LiveSession();
	LiveSession(const LiveSession &) = delete;
	LiveSession &operator=(const LiveSession &) = delete;

	// What the server said before it was ready to serve; "" if it is.
	const std::string &error() const
	{
		return error_;
	}

	// Runs a program to its end.
	Ended Run(const std::vector<std::string> &command);
	// Starts one; Wait() has its output.
	int Start(const std::vector<std::string> &command);
	Ended Wait(int program);
	void Kill(int program, int signal);
	void KillServer();

	// Lets the server end and returns its exit status. Its lines are in lines() then.
	int Stop();
	// The server's lines so far that have `key`, their values as they stand in JSON.
	std::vector<std::string> Lines(const std::string &key);
	// Classes of the violations so far ("C02"), in order.
	std::vector<std::string> Violations()
	{
		return Lines("class");
	}

      private:
	struct Program {
		pid_t pid = -1;
		std::string output, errors; // files
	};

	void Hear(int timeout_ms);

	std::string folder_;
	pid_t server_ = -1;
	int report_ = -1, stop_ = -1;
	std::string heard_;
	std::string error_;
	std::map<int, Program> programs_;
	int next_ = 0;
};

} // namespace drydock::live

#endif // DRYDOCK_LIVE_TESTS_LIVE_SESSION_H_
