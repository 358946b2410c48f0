#include "kmod/conform/mix.h"

#include <algorithm>
#include <cstdio>

#include "fuzz/program_text.h"
#include "kmod/conform/rules_seen.h"

namespace drydock::kmod {
namespace {

using fuzz::Call;

constexpr size_t kLineWidth = 100;

double Percent(size_t part, size_t of) {
  return of == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(of);
}

// As the text form calls it: "munmap".
std::string NameOf(Call call) {
  if (call == Call::kAnonymous) return "mmap of no file";
  fuzz::Program program;
  program.Add({.call = call, .length = 1});
  std::string text = FormatStep(program, 0, {});
  text = text.substr(0, text.find('('));
  const size_t equals = text.find(" = ");
  return equals == std::string::npos ? text : text.substr(equals + 3);
}

void AppendWords(const std::string& head, const std::vector<std::string>& words,
                 std::string* text) {
  std::string line = "  " + head;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string word = " " + words[i] + (i + 1 < words.size() ? "," : "");
    if (line.size() + word.size() > kLineWidth) {
      *text += line + "\n";
      line = "   ";
    }
    line += word;
  }
  *text += line + "\n";
}

}  // namespace

Mix::Mix() : rules_(RuleIds().size()) {}

void Mix::Count(const fuzz::Program& program, const Shown& linux) {
  ++programs_;
  first_profile_ = std::min<int>(first_profile_, program.header.profile);
  for (size_t i = 0; i < program.step_count && i < linux.steps.size(); ++i) {
    const StepShown& shown = linux.steps[i].shown;
    if (shown.ran != Ran::kRan) continue;
    ++steps_;
    ++calls_[static_cast<size_t>(program.steps[i].call)];
    if (program.steps[i].call != Call::kMmap) continue;
    ++mmaps_;
    mmaps_ok_ += shown.value >= 0 ? 1 : 0;
  }
  CountRules(program, linux, &rules_);
}

void Mix::Add(const Mix& other) {
  programs_ += other.programs_;
  first_profile_ = std::min(first_profile_, other.first_profile_);
  steps_ += other.steps_;
  mmaps_ += other.mmaps_;
  mmaps_ok_ += other.mmaps_ok_;
  for (size_t i = 0; i < calls_.size(); ++i) calls_[i] += other.calls_[i];
  for (size_t i = 0; i < rules_.size(); ++i) rules_[i] += other.rules_[i];
}

std::vector<std::string> Mix::NotSeen() const {
  std::vector<std::string> ids;
  for (size_t i = 0; i < rules_.size(); ++i) {
    if (rules_[i] == 0 && LastProfileOf(i) >= first_profile_) ids.emplace_back(RuleIds()[i]);
  }
  return ids;
}

std::string Mix::Text() const {
  if (programs_ == 0) return {};
  std::string text;
  char words[160];
  std::snprintf(
      words, sizeof words,
      "  mix: %zu programs, %.1f steps each that ran; %.0f %% of %zu mmaps of a file succeed\n",
      programs_, static_cast<double>(steps_) / static_cast<double>(programs_),
      Percent(mmaps_ok_, mmaps_), mmaps_);
  text += words;
  std::vector<size_t> order(calls_.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return calls_[a] != calls_[b] ? calls_[a] > calls_[b] : a < b;
  });
  std::vector<std::string> shares;
  for (const size_t call : order) {
    std::snprintf(words, sizeof words, "%s %.1f %%", NameOf(static_cast<Call>(call)).c_str(),
                  Percent(calls_[call], steps_));
    shares.emplace_back(words);
  }
  AppendWords("calls:", shares, &text);
  std::vector<std::string> rules;
  for (size_t i = 0; i < rules_.size(); ++i) {
    if (rules_[i] != 0) {
      rules.push_back(std::string(RuleIds()[i]) + " " + std::to_string(rules_[i]));
    }
  }
  AppendWords("rules seen at work, steps each:", rules, &text);
  const std::vector<std::string> not_seen = NotSeen();
  if (!not_seen.empty()) AppendWords("rules not seen:", not_seen, &text);
  return text;
}

}  // namespace drydock::kmod
