#pragma once
// What `redflag-server` can be told to do. All throw std::runtime_error, or http::Problem, for people to
// read. `database` is "" for what server.yaml says.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace redflag::server {

// Makes a data folder ready; what is there already stays.
struct InitOptions {
  std::filesystem::path data;
  std::string database;
  std::vector<std::string> names;
  bool new_second_factor_key = false;  // in the place of one that is lost on every server
};
void init(const InitOptions& options);

// Serves until SIGTERM or SIGINT.
struct ServeOptions {
  std::filesystem::path data;
  std::string database;
  std::string listen;         // "" for what server.yaml says
  std::filesystem::path web;  // the built browser application
  std::vector<std::filesystem::path> command_types;
  std::filesystem::path host;  // the redflag-host program
};
void serve(const ServeOptions& options);

// Brings the schema up to date and prints its steps; or only prints them, or only tries them.
struct MigrateOptions {
  std::filesystem::path data;
  std::string database;
  bool status = false;
  bool dry_run = false;
  std::string to_postgres;      // "", or where the folder's database is moved to
  std::string format = "text";  // or "json"
};
void migrate(const MigrateOptions& options);

// Writes everything a restore needs into one file that is not there yet; a server may be running.
struct BackupOptions {
  std::filesystem::path data;
  std::string database;
  std::filesystem::path to;
};
void backup(const BackupOptions& options);

// Puts a backup in the place of what the folder holds, which is kept aside; no server may be running on it.
struct RestoreOptions {
  std::filesystem::path data;
  std::filesystem::path from;
  std::filesystem::path endings;  // keys/endings of the server as it last was; "": the folder's own
};
void restore(const RestoreOptions& options);

// Looks at everything a server needs and prints what it finds, with advice. False when something is wrong.
struct DoctorOptions {
  std::filesystem::path data;
  std::string database;
  std::string format = "text";  // or "json"
};
bool doctor(const DoctorOptions& options);

// Makes an enrolment token and prints its bundle on stdout; a server may be running.
struct TokenOptions {
  std::filesystem::path data;
  std::string database;
  std::int64_t seats = 1;
  std::int64_t expires_in_s = 3600;
  std::string accept;  // auto | manual; "": manual for more than one seat
};
void createToken(const TokenOptions& options);

// Makes a user; the password is the first line of stdin.
struct UserOptions {
  std::filesystem::path data;
  std::string database;
  std::string username;
  std::string role = "viewer";
};
void createUser(const UserOptions& options);

}  // namespace redflag::server
