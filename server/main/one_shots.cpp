#include <iostream>

#include "auth/passwords.h"
#include "auth/people_routes.h"
#include "main/commands.h"
#include "main/offline.h"

namespace redflag::server {

void createToken(const TokenOptions& options) {
  Offline offline(DataFolder::open(options.data), options.database);
  const auto made =
      offline.services().enrolment.makeToken(options.seats, options.expires_in_s, "",
                                             {"console", http::Grants::everywhere("admin")}, options.accept);
  std::cout << made.bundle << '\n' << std::flush;
  if (!std::cout) throw std::runtime_error("the bundle could not be written");
}

void createUser(const UserOptions& options) {
  std::string password;
  std::getline(std::cin, password);
  auth::Passwords passwords;
  Offline offline(DataFolder::open(options.data), options.database);
  const auth::User user = auth::makeUser(passwords, options.username, password, options.role);
  if (!offline.services().accounts.createUser(user))
    throw std::runtime_error(user.username + ": the name is taken");
}

}  // namespace redflag::server
