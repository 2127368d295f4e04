#pragma once
// A request and a response as handlers see them: complete, checked, free of sockets, so that handlers are
// tested without any.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "http/grants.h"

namespace redflag::http {

// Thrown anywhere below a handler; becomes an RFC 9457 problem document at the request's border, once.
struct Problem {
  int status = 500;
  std::string code;        // stable: "agent.not_found"
  std::string detail;      // for people
  std::string field = {};  // JSON pointer or parameter, if one is to blame
  int retry_after_s = 0;
};

// Who asks. Filled in by the front before the handler runs.
struct Principal {
  enum class Kind { kNobody, kAgent, kEnrolling, kUser, kMonitor };
  Kind kind = Kind::kNobody;
  std::string agent_id;          // kAgent
  std::string client_id;         // kAgent: of its client
  std::string public_key;        // kAgent, kEnrolling: raw 32 bytes that signed the request
  std::string user_id;           // kUser
  std::string username;          // kUser
  Grants grants;                 // kUser
  std::string session_id;        // kUser who signed in
  std::string token_id;          // kUser that is a service account
  std::string minter_id;         // kUser that is a service account: who made the token
  std::string agent_state = {};  // kAgent: of its identity; anything but active gets no orders
  std::string agent_line = {};   // kAgent: of the access token
  bool second_factor = false;    // kUser: has one
  bool proven = false;           // kUser: gave a password or a code within the last five minutes
};

struct Request {
  std::string method;
  std::string path;                               // decoded, without the query
  std::map<std::string, std::string> parameters;  // from the route's {name}
  std::map<std::string, std::string> query;       // decoded
  std::map<std::string, std::string> headers;     // lower-case names
  std::string body;                               // expanded, within the route's limit
  Principal principal;
  std::string request_id;
  std::string peer;  // address
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  std::shared_ptr<void> until_sent = {};  // let go of when the last byte is written, or the connection ends
};

using Handler = std::function<Response(const Request&)>;

// What a route needs before its handler runs. A route without one does not exist. kSignedIn: whoever has a
// session, even one who has yet to set up the second factor that the role asks for. kViewer to kScopedAdmin:
// this role somewhere; what a handler then touches it asks for with the principal's grants. kAdmin: of
// everything. kRenewing: an
// agent's key without its access token. kMetrics: the monitoring token, or kAdmin.
enum class Permission {
  kAnyone,
  kEnrolling,
  kRenewing,
  kAgent,
  kSignedIn,
  kViewer,
  kTechnician,
  kApprover,
  kScopedAdmin,
  kAdmin,
  kMetrics
};

// By which policy its requests are counted (rate.h). kByPermission: agents' routes as kAgent, enrolling ones
// as kEnrolment, those of people who are signed in as kPeople, others not at all. kSignIn is counted by
// sign-in itself, which knows the account.
enum class Rate { kByPermission, kNone, kAgent, kEnrolment, kSignIn, kPeople };

// Streams are parked after the response's head; events.h says who writes to them.
enum class Stream { kNone, kDoorbell, kEvents };

struct Route {
  std::string method;
  std::string path;  // "/api/v1/agents/{id}"
  Permission permission = Permission::kAdmin;
  std::size_t body_limit = 64U << 10;  // bytes as sent; compressed bodies expand to at most 8 times this
  Handler handler;
  Stream stream = Stream::kNone;
  // Whoever asks must have given a password or a code within the last five minutes: Principal::proven.
  bool needs_proof = false;
  // What asks people for a proof takes a service account's token for one: a browser that was left open is no
  // token, and whoever made the token said what it may.
  bool token_is_proof = false;
  Rate rate = Rate::kByPermission;
};

// What is answered where a proof is asked for and there is none.
Problem stepUpRequired();

Response jsonResponse(int status, const Json& body);

}  // namespace redflag::http
