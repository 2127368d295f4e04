#pragma once
// How dnf5 is started where it changes something, and what its lines say about why it did not.

#include <string>
#include <vector>

namespace redflag::dnf5 {

// The program with the options that every order wants, to which the command's own are added. No key is taken
// over: repositories name none, and with assumeyes dnf5 would import without a question what they name.
std::vector<std::string> dnf5Command();

// Whether a line is about a package whose signature no key of rpm's database fits.
bool mentionsKeys(const std::string& line);

// What an administrator has to do about it, with the packages' names, out of those lines; "": none is about
// that.
std::string sentenceOnMissingKeys(const std::string& lines);

// Whether the last thing that it said was that it waits for another one.
bool isWaiting(const std::string& words);

}  // namespace redflag::dnf5
