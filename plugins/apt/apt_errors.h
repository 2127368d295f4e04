#pragma once
// libapt collects its messages in one global stack; these empty it, so that each ends in the report of what
// caused it.

#include <string>

namespace redflag::apt {

// All pending messages as one text ("; " between), errors before warnings, at most 2,000 bytes, without
// passwords. The stack is empty after.
std::string takeAptErrors();

// True if an error (not just a warning) is pending.
bool aptFailed();

void forgetAptErrors();

// Addresses in it without user and password: apt names some of its sources as they are written.
std::string withoutPasswords(std::string text);

}  // namespace redflag::apt
