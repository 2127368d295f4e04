#pragma once
// What the harnesses share. Whatever ends the process is a finding: a sanitizer's word, a signal, an
// exception that nobody caught, or a claim() that does not hold.

#include <string_view>
#include <vector>

namespace redflag::fuzz {

// One program holds the harnesses of one side of the house; REDFLAG_FUZZ_HARNESS in its environment names
// one.
struct Harness {
  Harness(const char* name, void (*try_input)(std::string_view));
};

// A property that holds for every input.
void claim(bool holds, const char* what);

// Several texts in one input, with a form feed between them; the last of at most `most` has the rest.
std::vector<std::string_view> parts(std::string_view input, std::size_t most);

}  // namespace redflag::fuzz

// REDFLAG_FUZZ(name) { … } is handed each `input`, in memory of exactly its size.
#define REDFLAG_FUZZ(name)                                                  \
  static void try_##name(std::string_view input);                           \
  static const ::redflag::fuzz::Harness kHarness_##name(#name, try_##name); \
  static void try_##name(std::string_view input)
