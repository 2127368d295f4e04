#pragma once
// /api/v1/session, /api/v1/session/password and /api/v1/setup.

#include <vector>

#include "auth/devices.h"
#include "auth/interfaces.h"
#include "auth/passwords.h"
#include "auth/sessions.h"
#include "auth/setup.h"
#include "auth/throttle.h"
#include "http/message.h"

namespace redflag::auth {

// What the routes work with; all outlive them.
struct People {
  UserStore& users;
  Sessions& sessions;
  Passwords& passwords;
  SignInThrottle& throttle;
  const Devices& devices;
  Setup& setup;
};

std::vector<http::Route> peopleRoutes(People people);

// A user as it is stored; checks name, password and role (Problem 400).
User makeUser(Passwords& passwords, const std::string& username, const std::string& password,
              const std::string& role);

}  // namespace redflag::auth
