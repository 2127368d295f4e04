// redflagctl: the server's API for people and scripts.

#include <termios.h>
#include <unistd.h>

#include <fstream>
#include <iostream>

#include "api/openapi.h"
#include "base/narrow_help.h"
#include "ctl/show.h"
#include "ctl/words.h"

namespace redflag::ctl {
namespace {

constexpr int kRefused = 1;
constexpr int kUsage = 2;
constexpr int kUnreachable = 3;
constexpr JsonLimits kDocumentLimits{8U << 20, 64, 1'000'000};

std::string contentOf(const std::string& file) {
  if (file == "-") return {std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
  std::ifstream in(file);
  if (!in) throw BadArgument(file + ": cannot be read");
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// A line of standard input, which a terminal does not show.
std::string askSecret(const char* prompt) {
  termios before{};
  const bool terminal = ::isatty(STDIN_FILENO) != 0 && ::tcgetattr(STDIN_FILENO, &before) == 0;
  if (terminal) {
    std::cerr << prompt;
    termios silent = before;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSANOW, &silent);
  }
  std::string line;
  std::getline(std::cin, line);
  if (terminal) {
    ::tcsetattr(STDIN_FILENO, TCSANOW, &before);
    std::cerr << '\n';
  }
  return line;
}

struct Login {
  std::string server;
  std::string authorities_file;
};

// The token is tried before it is kept.
void login(const Login& wish, const std::filesystem::path& file) {
  Profile profile{wish.server, wish.authorities_file.empty() ? "" : contentOf(wish.authorities_file), ""};
  checkServer(profile.server);
  profile.token = askSecret("API token of a service account: ");
  if (profile.token.empty()) throw BadArgument("token: expected one line on standard input");
  Operation overview;
  overview.method = "GET";
  overview.path = "/api/v1/overview";
  Client client(profile);
  ask(client, overview, {});
  saveProfile(file, profile);
  std::cout << "signed in at " << profile.server << "; kept in " << file.string() << '\n';
}

void carryOut(Wanted& wanted, const std::filesystem::path& file) {
  const Profile profile = loadProfile(file);
  if (!wanted.body_file.empty()) wanted.wish.body = contentOf(wanted.body_file);
  Client client(profile);
  if (wanted.operation->streams) return follow(client, *wanted.operation, wanted.wish, std::cout);
  if (wanted.operation->raw) return copy(client, *wanted.operation, wanted.wish, std::cout);
  const auto answer = ask(client, *wanted.operation, wanted.wish);
  if (!answer) return;
  if (wanted.format == "json")
    std::cout << dumpJson(*answer) << '\n';
  else if (wanted.operation->lists)
    std::cout << tableOf(wanted.columns.empty() ? wanted.operation->columns : wanted.columns,
                         answer->at("items"));
  else
    std::cout << detailsOf(*answer);
}

int run(int argc, char** argv) {
  const auto document = parseJson(api::openApiText(), kDocumentLimits);
  if (!document) throw std::runtime_error(document.error().text);
  const auto operations = operationsOf(*document);
  CLI::App app("The API of a RedFlag server. Sign in once with `login`; then NOUN VERB.", "redflagctl");
  NarrowHelp::use(app);
  app.require_subcommand(1);
  app.fallthrough();
  std::string file;
  app.add_option("--profile", file, "instead of ~/.config/redflag/redflagctl.json");
  Login wish;
  auto* sign_in = app.add_subcommand("login", "keep a server and a token (standard input)");
  sign_in->add_option("--server", wish.server, "https://HOST[:PORT]")->required();
  sign_in->add_option("--ca", wish.authorities_file, "the server's ca.pem; else what this machine trusts");
  auto* script = app.add_subcommand("completion", "print a script for bash and zsh");
  Wanted wanted;
  addOperations(app, operations, wanted);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : kUsage;
  }
  const auto place = [&] { return file.empty() ? profileFile() : std::filesystem::path(file); };
  if (sign_in->parsed())
    login(wish, place());
  else if (script->parsed())
    std::cout << completionScript(app);
  else
    carryOut(wanted, place());
  std::cout.flush();
  if (!std::cout) throw std::runtime_error("the answer could not be written");
  return 0;
}

}  // namespace
}  // namespace redflag::ctl

int main(int argc, char** argv) {
  using namespace redflag::ctl;
  int code = kRefused;
  try {
    return run(argc, argv);
  } catch (const Unreachable& error) {
    std::cerr << "redflagctl: " << error.what() << '\n';
    code = kUnreachable;
  } catch (const BadArgument& error) {
    std::cerr << "redflagctl: " << error.what() << '\n';
    code = kUsage;
  } catch (const std::exception& error) {
    std::cerr << "redflagctl: " << error.what() << '\n';
  }
  return code;
}
