#pragma once
// /api/v1/session, /api/v1/session/password and /api/v1/setup; /api/v1/account and the second factors of
// others.

#include <functional>
#include <vector>

#include "auth/devices.h"
#include "auth/interfaces.h"
#include "auth/notice.h"
#include "auth/passwords.h"
#include "auth/second_factor.h"
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
  SecondFactor& second_factor;
  NoticeBoard& board;
  Alarms& alarms;
};

std::vector<http::Route> peopleRoutes(People people);   // sign-in, its second step, set-up
std::vector<http::Route> accountRoutes(People people);  // one's own account; an admin's help for others

// For people alone: a service account has neither a session nor a password. Problem 403.
void requireSession(const http::Request& request);

// Tries a password or a code within the budgets of `username`; what is wrong is written down, and is the
// Problem `wrong`. Problem 429 when too much was wrong lately. `spoken_name`: what is written down instead of
// the name.
void requireRight(const People& people, const http::Request& request, const std::string& username,
                  const http::Problem& wrong, const std::function<bool()>& is_right,
                  const std::string& spoken_name = {}, SignInThrottle::What what = SignInThrottle::kPassword);

// A user as it is stored; checks name, password and role (Problem 400).
User makeUser(Passwords& passwords, const std::string& username, const std::string& password,
              const std::string& role);

}  // namespace redflag::auth
