#pragma once
// Makes this machine an agent of a server: key first, on disk, then the request, so that a lost reply costs
// nothing.

#include <filesystem>
#include <functional>
#include <string>

#include "identity/identity.h"
#include "link/https_client.h"

namespace redflag::kernel {

class ServerApi;
struct Failure;

struct EnrolmentSettings {
  std::filesystem::path state;
  std::string mode = "report";  // told to the server
  Proxy proxy;
  HttpTimes times;
  MarkReader marks = ownMarks();
  // Told the connection while one is in use, and nullptr after: the way to interrupt it.
  std::function<void(ServerApi*)> watch;
  // Told when the server asks to come later: the error that follows has no place for that.
  std::function<void(const Failure&)> put_off = {};
};

std::filesystem::path orderJournalFile(const std::filesystem::path& state);
std::filesystem::path commandTrustFolder(const std::filesystem::path& state);

// The first half of enroll(), which asks the server for nothing but its trust repository: whether this
// machine may believe whom the bundle names (CommandTrust::begin), and what it believes then. kDenied: it may
// not.
Result<> trustServer(const protocol::Bundle& bundle, const EnrolmentSettings& settings);

// Trusts exactly what the bundle names: a trust root other than the pinned one, or than the one this machine
// has already, ends it before a seat is used. A bundle that re-binds gives this machine a new key for the
// agent that it is, or was: key and record of orders of a living one are left as they are until the server
// agreed. An agent that asks again with its key gets the same answer and takes over what the bundle says of
// addresses and keys. kInvalid: bad bundle or answer. kConflict: enrolled as another agent. kDenied: the
// server refuses the token or the key, or the key does not open here (sealed_key.h). kUnavailable: try again.
Result<Identity> enroll(const protocol::Bundle& bundle, const EnrolmentSettings& settings);
Result<Identity> enrollFromFile(const std::filesystem::path& file, const EnrolmentSettings& settings);

}  // namespace redflag::kernel
