#include "sim/kernel/device_text.h"

#include <cctype>
#include <charconv>
#include <map>
#include <optional>
#include <stdexcept>

namespace drydock::kernel {
namespace {

constexpr size_t kMaxTextBytes = 1 << 20;
constexpr size_t kMaxNodes = 256;
constexpr size_t kMaxResources = 16;

// A place where a phandle goes once every label is known.
struct LabelUse {
  size_t node;
  size_t property;
  size_t offset;
  std::string label;
  int line;
};

class Parser {
 public:
  explicit Parser(std::string_view file_name) : file_(file_name) {
    result_.nodes.push_back({.path = "/", .properties = {}, .interrupts = {}});
  }

  DeviceDescription Parse(std::string_view text) {
    if (text.size() > kMaxTextBytes) {
      throw std::runtime_error(file_ + ": larger than 1 MiB; not a device file?");
    }
    while (!text.empty()) {
      const size_t newline = text.find('\n');
      rest_ = text.substr(0, newline);
      text = newline == std::string_view::npos ? std::string_view() : text.substr(newline + 1);
      ++line_;
      ParseLine();
    }
    if (continues_) Fail("the text ends behind a ','");
    ResolveLabels();
    FillDefaults();
    return std::move(result_);
  }

 private:
  [[noreturn]] void Fail(const std::string& what) const { FailAt(line_, what); }
  [[noreturn]] void FailAt(int line, const std::string& what) const {
    throw std::runtime_error(file_ + ":" + std::to_string(line) + ": " + what);
  }

  void SkipSpace() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t' || rest_[0] == '\r')) {
      rest_.remove_prefix(1);
    }
    if (rest_.starts_with("//")) rest_ = {};
  }
  bool AtEnd() {
    SkipSpace();
    return rest_.empty();
  }
  bool Accept(char c) {
    SkipSpace();
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // Up to a space or one of =<>[]," .
  std::string_view Word() {
    SkipSpace();
    size_t size = 0;
    while (size < rest_.size() &&
           std::string_view(" \t\r=<>[],\"").find(rest_[size]) == std::string_view::npos) {
      ++size;
    }
    const std::string_view word = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return word;
  }
  void ExpectEnd() {
    if (!AtEnd()) Fail("'" + std::string(rest_) + "' is too much here");
  }

  uint64_t Number(std::string_view what, uint64_t max) {
    const std::string_view word = Word();
    if (word.empty()) Fail("expected " + std::string(what));
    uint64_t value = 0;
    const bool hex = word.starts_with("0x") || word.starts_with("0X");
    const std::string_view digits = hex ? word.substr(2) : word;
    const uint64_t base = hex ? 16 : 10;
    bool too_large = false;
    for (char c : digits) {
      const int lower = std::tolower(static_cast<unsigned char>(c));
      const int digit = std::isdigit(static_cast<unsigned char>(c)) != 0 ? c - '0'
                        : lower >= 'a' && lower <= 'f'                   ? lower - 'a' + 10
                                                                         : 99;
      if (digit >= static_cast<int>(base)) {
        Fail("'" + std::string(word) + "' is not a number; expected " + std::string(what));
      }
      too_large = too_large || value > (UINT64_MAX - static_cast<uint64_t>(digit)) / base;
      value = value * base + static_cast<uint64_t>(digit);
    }
    if (digits.empty()) Fail("'" + std::string(word) + "' is not a number");
    if (too_large || value > max) {
      Fail("'" + std::string(word) + "' is too large for " + std::string(what));
    }
    return value;
  }

  // A property's name may hold ',' : "ibm,lock-stride".
  std::string_view Name() {
    SkipSpace();
    size_t size = 0;
    while (size < rest_.size() &&
           std::string_view(" \t\r=<>[]\"").find(rest_[size]) == std::string_view::npos) {
      ++size;
    }
    const std::string_view name = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return name;
  }

  void ParseLine() {
    if (rest_.find('\0') != std::string_view::npos) Fail("a NUL byte: not a text file");
    SkipSpace();
    if (continues_) return ContinueProperty();
    if (AtEnd()) return;
    const std::string_view before = rest_;
    const std::string_view word = Name();
    if (word == "node") return ParseNode();
    if (word == "device") return ParseDevice();
    if (word == "pci") return ParsePci();
    if (in_pci_) return ParsePciLine(std::string(word));
    if (word == "model" && in_device_) return ParseModel(&result_.devices.back().model);
    if (word == "option" && in_device_) return ParseOption(&result_.devices.back().model);
    if (word == "irq" && !StartsValue()) return ParseInterrupt();
    if (word == "mem" && !StartsValue()) return ParseMem();
    if (word.empty()) {
      Fail("expected 'node', 'device', 'pci', 'mem', 'irq', 'model' or a property's name");
    }
    if (!in_node_) {
      Fail(in_device_ ? "a device without a node has no properties; describe it with 'node'"
                      : "'" + std::string(before) + "' stands before any 'node' or 'device'");
    }
    ParseProperty(std::string(word));
  }

  bool StartsValue() {
    SkipSpace();
    return !rest_.empty() && rest_[0] == '=';
  }

  size_t NodeAt(const std::string& path) {
    for (size_t i = 0; i < result_.nodes.size(); ++i) {
      if (result_.nodes[i].path == path) return i;
    }
    const size_t slash = path.rfind('/');
    const size_t parent = slash == 0 ? 0 : NodeAt(path.substr(0, slash));
    if (result_.nodes.size() == kMaxNodes) Fail("more than 256 nodes");
    result_.nodes.push_back(
        {.path = path, .parent = static_cast<long>(parent), .properties = {}, .interrupts = {}});
    return result_.nodes.size() - 1;
  }

  void ParseNode() {
    const std::string path(Word());
    if (path.empty() || path[0] != '/') Fail("a node is named by its path: node /soc/pump@1000");
    if (path != "/" && (path.back() == '/' || path.find("//") != std::string::npos)) {
      Fail("'" + path + "' has an empty part");
    }
    const size_t index = NodeAt(path);
    if (result_.nodes[index].line != 0) {
      Fail("node " + path + " is described twice, first in line " +
           std::to_string(result_.nodes[index].line));
    }
    result_.nodes[index].line = line_;
    if (!AtEnd()) {
      const std::string label(Word());
      if (label.empty()) Fail("expected a label behind the path");
      if (!labels_.emplace(label, index).second) Fail("the label " + label + " is used twice");
    }
    ExpectEnd();
    node_ = index;
    in_node_ = true;
    in_device_ = in_pci_ = false;
  }

  void ParseDevice() {
    PlainDeviceText device;
    device.name = Word();
    if (device.name.empty()) Fail("expected the device's name");
    if (!AtEnd()) {
      if (rest_.starts_with("auto")) {
        Word();
        device.id = PlainDeviceText::kAutoId;
      } else {
        device.id = static_cast<int>(Number("the device's id", 9999));
      }
    }
    ExpectEnd();
    result_.devices.push_back(std::move(device));
    in_node_ = in_pci_ = false;
    in_device_ = true;
  }

  void ParseModel(ModelText* model) {
    if (!model->name.empty()) Fail("a device has one model");
    model->name = Word();
    model->line = line_;
    if (model->name.empty()) Fail("expected the model's name");
    ExpectEnd();
  }

  void ParseOption(ModelText* model) {
    if (model->name.empty()) Fail("an 'option' stands behind a 'model'");
    std::string name(Word());
    std::string value(Word());
    if (name.empty() || value.empty()) Fail("expected an option's name and its value");
    ExpectEnd();
    model->options.emplace_back(std::move(name), std::move(value));
  }

  uint32_t Hex(std::string_view text, std::string_view what, uint32_t max) {
    uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    if (text.empty() || end != text.data() + text.size() || error != std::errc() || value > max) {
      Fail("'" + std::string(text) + "' is not " + std::string(what));
    }
    return value;
  }

  // VENDOR:DEVICE, four hex digits each.
  void ParseIds(std::string_view what, uint32_t* vendor, uint32_t* device) {
    const std::string_view word = Word();
    const size_t colon = word.find(':');
    if (colon == std::string_view::npos) {
      Fail("expected " + std::string(what) + " as VENDOR:DEVICE in hex, as in 1234:11e8");
    }
    *vendor = Hex(word.substr(0, colon), "a vendor's number in hex", 0xffff);
    *device = Hex(word.substr(colon + 1), "a device's number in hex", 0xffff);
  }

  void ParsePci() {
    constexpr size_t kMaxFunctions = 8;
    PciFunctionText function;
    function.line = line_;
    ParseIds("the function's numbers", &function.vendor, &function.device);
    if (AtEnd()) {
      function.slot = static_cast<uint32_t>(4 + result_.functions.size()) << 3;
    } else {
      const std::string_view word = Word();
      const size_t dot = word.find('.');
      if (dot == std::string_view::npos) Fail("a slot is DEVICE.FUNCTION, as in 04.0");
      function.slot = Hex(word.substr(0, dot), "a device's number, 00 to 1f", 0x1f) << 3 |
                      Hex(word.substr(dot + 1), "a function's number, 0 to 7", 7);
    }
    ExpectEnd();
    for (const PciFunctionText& other : result_.functions) {
      if (other.slot == function.slot) Fail("two functions in one slot");
    }
    if (result_.functions.size() == kMaxFunctions) Fail("more than 8 PCI functions");
    result_.functions.push_back(std::move(function));
    in_node_ = in_device_ = false;
    in_pci_ = true;
  }

  void ParsePciLine(const std::string& word) {
    PciFunctionText& function = result_.functions.back();
    if (word == "bar") return ParseBar(&function);
    if (word == "model") return ParseModel(&function.model);
    if (word == "option") return ParseOption(&function.model);
    if (word == "subsystem") {
      ParseIds("the subsystem's numbers", &function.subsystem_vendor, &function.subsystem_device);
    } else if (word == "class") {
      function.class_code = static_cast<uint32_t>(Number("the class, 24 bits", 0xffffff));
    } else if (word == "revision") {
      function.revision = static_cast<uint32_t>(Number("the revision", 0xff));
    } else if (word == "irq") {
      function.irq = static_cast<uint32_t>(Number("the interrupt line, 1 to 23", 23));
      if (function.irq == 0) Fail("0 is no interrupt line");
    } else if (word == "msi" || word == "msix") {
      if (function.messages != 0) Fail("a function has 'msi' or 'msix', once");
      function.messages = static_cast<uint32_t>(Number("the number of vectors, 1 to 32", 32));
      if (function.messages == 0) Fail("0 vectors");
      function.msix = word == "msix";
    } else {
      Fail("'" + word +
           "' is none of bar, class, revision, subsystem, irq, msi, msix, model and option");
    }
    ExpectEnd();
  }

  // bar INDEX SIZE [64] [prefetch]
  void ParseBar(PciFunctionText* function) {
    const uint64_t index = Number("the BAR's index, 0 to 5", 5);
    PciBarText bar;
    bar.size_bytes = Number("the BAR's size in bytes", uint64_t{1} << 28);
    if (bar.size_bytes < 16 || (bar.size_bytes & (bar.size_bytes - 1)) != 0) {
      Fail("a BAR's size is a power of two, at least 16");
    }
    while (!AtEnd()) {
      const std::string_view word = Word();
      if (word == "64") {
        bar.wide = true;
      } else if (word == "prefetch") {
        bar.prefetch = true;
      } else {
        Fail("'" + std::string(word) + "' is none of 64 and prefetch");
      }
    }
    const bool taken = function->bars[index].size_bytes != 0 ||
                       (index > 0 && function->bars[index - 1].wide) ||
                       (bar.wide && (index == 5 || function->bars[index + 1].size_bytes != 0));
    if (taken) Fail("BAR " + std::to_string(index) + " is taken");
    function->bars[index] = bar;
  }

  void ParseMem() {
    if (!in_device_) Fail("'mem' belongs to a 'device'; a node has a property 'reg'");
    ResourceText res{.kind = ResourceText::Kind::kMem, .name = {}, .line = line_};
    res.start = Number("the window's address", UINT64_MAX);
    res.size_bytes = Number("the window's size in bytes", UINT64_MAX);
    if (res.size_bytes == 0) Fail("a window of 0 bytes");
    if (res.start + (res.size_bytes - 1) < res.start) Fail("the window wraps around");
    AddResource(std::move(res));
  }

  void ParseInterrupt() {
    ResourceText res{.kind = ResourceText::Kind::kIrq, .name = {}, .line = line_};
    if (!in_device_ && !in_node_) Fail("'irq' stands before any 'node' or 'device'");
    res.start = Number("the interrupt's number", 0x7fffffff);
    if (res.start == 0) Fail("0 is no interrupt number");
    AddResource(std::move(res));
  }

  void AddResource(ResourceText res) {
    res.name = Word();
    ExpectEnd();
    auto& list = in_device_ ? result_.devices.back().resources : result_.nodes[node_].interrupts;
    if (list.size() == kMaxResources) Fail("more than 16 resources of one device");
    list.push_back(std::move(res));
  }

  void ParseProperty(std::string name) {
    for (const PropertyText& other : result_.nodes[node_].properties) {
      if (other.name == name) Fail("the property " + name + " is given twice");
    }
    if (name == "phandle") Fail("phandles are given by labels: node PATH LABEL, then <&LABEL>");
    result_.nodes[node_].properties.push_back({std::move(name), {}});
    if (Accept('=')) return ContinueProperty();
    ExpectEnd();
  }

  // Values up to the end of the line; a ',' at the end goes on in the next one.
  void ContinueProperty() {
    continues_ = false;
    if (AtEnd()) Fail("expected a value: \"text\", <cells> or [bytes]");
    do {
      if (AtEnd()) {
        continues_ = true;
        return;
      }
      ParseValue(&result_.nodes[node_].properties.back().value);
    } while (Accept(','));
    ExpectEnd();
  }

  void ParseValue(std::string* to) {
    SkipSpace();
    if (Accept('"')) return ParseText(to);
    if (Accept('[')) return ParseBytes(to);
    size_t cell_bytes = 4;
    if (rest_.starts_with("/bits/")) {
      rest_.remove_prefix(6);
      const uint64_t bits = Number("8, 16, 32 or 64", 64);
      if (bits != 8 && bits != 16 && bits != 32 && bits != 64) Fail("/bits/ is 8, 16, 32 or 64");
      cell_bytes = bits / 8;
    }
    if (!Accept('<')) Fail("expected a value: \"text\", <cells> or [bytes]");
    while (!Accept('>')) {
      if (AtEnd()) Fail("'>' is missing");
      if (Accept('&')) {
        const std::string label(Word());
        if (cell_bytes != 4) Fail("&" + label + " stands in cells of 32 bits only");
        uses_.push_back(
            {node_, result_.nodes[node_].properties.size() - 1, to->size(), label, line_});
        to->append(4, '\0');
        continue;
      }
      const uint64_t max = cell_bytes == 8 ? UINT64_MAX : (uint64_t{1} << cell_bytes * 8) - 1;
      PutCell(to, Number("a cell of " + std::to_string(cell_bytes * 8) + " bits", max), cell_bytes);
    }
  }

  static void PutCell(std::string* to, uint64_t value, size_t bytes) {
    for (size_t i = bytes; i > 0; --i) to->push_back(static_cast<char>(value >> (i - 1) * 8));
  }

  void ParseText(std::string* to) {
    const size_t end = rest_.find('"');
    if (end == std::string_view::npos) Fail("the closing '\"' is missing");
    to->append(rest_.substr(0, end));
    to->push_back('\0');
    rest_.remove_prefix(end + 1);
  }

  void ParseBytes(std::string* to) {
    while (!Accept(']')) {
      if (AtEnd()) Fail("']' is missing");
      const std::string word(Word());
      if (word.size() != 2 || std::isxdigit(static_cast<unsigned char>(word[0])) == 0 ||
          std::isxdigit(static_cast<unsigned char>(word[1])) == 0) {
        Fail("'" + word + "' is not a byte of two hex digits");
      }
      to->push_back(static_cast<char>(std::stoi(word, nullptr, 16)));
    }
  }

  void ResolveLabels() {
    for (const LabelUse& use : uses_) {
      const auto found = labels_.find(use.label);
      if (found == labels_.end()) {
        FailAt(use.line, "no node has the label '" + use.label + "'");
      }
      NodeText& target = result_.nodes[found->second];
      if (target.phandle == 0) target.phandle = ++last_phandle_;
      std::string cell;
      PutCell(&cell, target.phandle, 4);
      result_.nodes[use.node].properties[use.property].value.replace(use.offset, 4, cell);
    }
    for (NodeText& node : result_.nodes) {
      if (node.phandle == 0) continue;
      std::string cell;
      PutCell(&cell, node.phandle, 4);
      node.properties.push_back({"phandle", cell});
    }
  }

  // The root and /reserved-memory have two cells for addresses and for sizes unless the text says
  // else.
  void FillDefaults() {
    for (NodeText& node : result_.nodes) {
      if (node.path != "/" && node.path != "/reserved-memory") continue;
      const auto add = [&node](const char* name, std::string value) {
        for (const PropertyText& property : node.properties) {
          if (property.name == name) return;
        }
        node.properties.push_back({name, std::move(value)});
      };
      std::string two;
      PutCell(&two, 2, 4);
      add("#address-cells", two);
      add("#size-cells", two);
      if (node.path != "/") add("ranges", {});
    }
  }

  std::string file_;
  std::string_view rest_;  // of the line
  int line_ = 0;
  DeviceDescription result_;
  size_t node_ = 0;
  bool in_node_ = false;
  bool in_device_ = false;
  bool in_pci_ = false;
  bool continues_ = false;  // the line before ended in ','
  std::map<std::string, size_t> labels_;
  std::vector<LabelUse> uses_;
  uint32_t last_phandle_ = 0;
};

}  // namespace

DeviceDescription ParseDeviceText(std::string_view text, std::string_view file_name) {
  return Parser(file_name).Parse(text);
}

}  // namespace drydock::kernel
