// redflag-swarm: a fleet that exists only as network traffic, and a judge of what a server made of it.

#include <signal.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <random>
#include <sstream>

#include "base/encoding.h"
#include "swarm/faults.h"
#include "swarm/run.h"
#include "swarm/text.h"

namespace redflag::swarm {
namespace {

constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kIncomplete = 4;

constexpr double kLongestS = 864'000;

struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Arguments {
  std::string bundle_file;
  bool bundle_stdin = false;
  std::filesystem::path server_program;
  std::filesystem::path server_state;
  std::string database;
  std::string user;
  std::string password_file;
  std::int64_t agents = 100;
  double duration_s = 60;
  double ramp_s = 5;
  double settle_s = 120;
  double every_s = 10;
  double order_every_s = 1;
  double kill_every_s = 5;
  double check_in_s = 0;
  double steady_s = 0;
  bool broadcast = false;
  bool storm = false;
  bool restart = false;
  double inventories = 0.1;
  std::string packages = "350-3500";
  std::int64_t updates = 120;
  std::uint64_t seed = std::random_device{}();
  std::string faults;
  std::string kill;
  std::string command = "scan";
  std::size_t threads = 2;
  std::string format = "text";
};

std::int64_t ns(double seconds) {
  return static_cast<std::int64_t>(seconds * 1e9);
}

void need(const Result<>& result) {
  if (!result) throw UsageError(result.error().text);
}

std::string contentOf(const std::string& file, const char* option) {
  std::ifstream in(file);
  if (!in) throw UsageError(std::string(option) + " " + file + ": cannot be read");
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void readPackages(const std::string& text, InventorySize& size) {
  char dash = 0;
  std::istringstream in(text);
  if (!(in >> size.least_packages >> dash >> size.most_packages) || dash != '-' || !in.eof() ||
      size.least_packages < 1 || size.least_packages > size.most_packages ||
      size.most_packages > InventorySize::kMost) {
    throw UsageError("--packages " + text + ": expected LEAST-MOST within 1-" +
                     std::to_string(InventorySize::kMost));
  }
}

// CLI::Range takes "nan" for something within it.
CLI::Validator within(double least, double most) {
  const auto check = [least, most](std::string& text) {
    double value = 0;
    if (CLI::detail::lexical_cast(text, value) && value >= least && value <= most) return std::string();
    std::ostringstream expected;
    expected << "expected a number from " << least << " to " << most << ", not " << text;
    return expected.str();
  };
  return {check, "", "number"};
}

// What an empty variable of a script leaves is no fault that nobody suffers from.
std::string checkSaid(std::string& text) {
  return text.empty() ? "expected something, not an empty text" : "";
}

// A number as it is told at the start, and nothing that only becomes one: "-1", or what is too large.
std::string checkSeed(std::string& text) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  return error == std::errc{} && at == end ? "" : "expected a whole number that fits 64 bits, not " + text;
}

// One option: its name, and what it does in the columns that are left.
class Narrow : public CLI::Formatter {
 public:
  std::string make_option(const CLI::Option* option, bool) const override {
    constexpr std::size_t kFrom = 25;
    constexpr std::size_t kTo = 79;
    std::string out = "  " + option->get_name();
    out += std::string(out.size() < kFrom ? kFrom - out.size() : 1, ' ');
    std::size_t column = out.size();
    std::istringstream words(option->get_description());
    for (std::string word; words >> word;) {
      if (column + word.size() > kTo) {
        out += "\n" + std::string(kFrom, ' ');
        column = kFrom;
      }
      out += (out.back() == ' ' ? "" : " ") + word;
      column += word.size() + 1;
    }
    return out + "\n";
  }
};

void describeServer(CLI::App& app, Arguments& a) {
  const char* group = "The server; by default one of its own, in a folder that is removed";
  const auto add = [&](const char* name, auto& value, const char* what) {
    return app.add_option(name, value, what)->group(group);
  };
  app.add_flag("--server-bundle-stdin", a.bundle_stdin, "a running server: an enrolment bundle on stdin")
      ->group(group);
  add("--bundle-file", a.bundle_file, "the same, in a file");
  add("--user", a.user, "who orders and judges on a running server; an administrator");
  add("--password-file", a.password_file, "whose first line is the password");
  add("--server-program", a.server_program, "redflag-server; default: beside this program");
  add("--server-state", a.server_state, "the own server's folder, which is kept");
  add("--database", a.database, "postgresql://USER@HOST/DATABASE for the own server instead of a file");
}

void describeFleet(CLI::App& app, Arguments& a) {
  const auto add = [&](const char* name, auto& value, const char* what) {
    return app.add_option(name, value, what)->group("The fleet; times in seconds");
  };
  const auto time = within(0, kLongestS);
  add("--agents", a.agents, "how many; default 100")->check(CLI::Range(1, 100'000));
  add("--duration", a.duration_s, "of the run; default 60")->check(within(0.1, kLongestS));
  add("--ramp", a.ramp_s, "until all agents are there; default 5")->check(time);
  add("--settle", a.settle_s, "without a delivery, at the end, until what waits is given up; default 120")
      ->check(time);
  add("--every", a.every_s, "between an agent's scans; default 10, 0: only the first")->check(time);
  add("--check-in", a.check_in_s, "between check-ins; default 0: when the doorbell says so, as agents do")
      ->check(time);
  add("--packages", a.packages, "LEAST-MOST packages on a machine; default 350-3500");
  add("--updates", a.updates, "at most so many updates on a machine; default 120")
      ->check(CLI::Range(0, 20'000));
  add("--inventories", a.inventories, "the share of agents that upload all their packages; default 0.1")
      ->check(within(0, 1));
  add("--command", a.command,
      "what is ordered: a command type that needs no parameters, or install_updates, by approval; default "
      "scan")
      ->check(CLI::Validator(checkSaid, "", "said"));
  add("--order-every", a.order_every_s, "from an answer to the next order, on average; default 1, 0: none")
      ->check(time);
}

void describeMoments(CLI::App& app, Arguments& a) {
  const char* group = "Moments: once all agents are there, one after the other";
  app.add_option("--steady", a.steady_s, "so many seconds nothing is done: what the own server costs then")
      ->check(within(0, kLongestS))
      ->group(group);
  app.add_flag("--broadcast", a.broadcast,
               "--command is ordered of all agents at once; with install_updates one update of each machine, "
               "by one "
               "approval; instead of --order-every")
      ->group(group);
  app.add_flag("--storm", a.storm, "all connections end at once: how soon all agents are back")->group(group);
  app.add_flag("--restart", a.restart,
               "the own server is ended, as for an upgrade, and started again: how soon all agents are back")
      ->group(group);
}

void describeOptions(CLI::App& app, Arguments& a) {
  app.formatter(std::make_shared<Narrow>());
  app.set_version_flag("--version", REDFLAG_VERSION);
  describeServer(app, a);
  describeFleet(app, a);
  describeMoments(app, a);
  const auto add = [&](const char* name, auto& value, const char* what) {
    return app.add_option(name, value, what)->group("What goes wrong");
  };
  add("--faults", a.faults,
      "NAME=SHARE,…: flapping, slow-reader, skew, clone: of agents; lost-reply: of requests")
      ->check(CLI::Validator(checkSaid, "", "said"));
  add("--kill", a.kill, "server, agent, or both with a comma: at moments that the seed chooses")
      ->check(CLI::Validator(checkSaid, "", "said"));
  add("--kill-every", a.kill_every_s, "seconds between two of the server's deaths, on average; default 5")
      ->check(within(0.2, kLongestS));
  add("--seed", a.seed, "repeats a run's machines, choices and moments; default: a new one")
      ->check(CLI::Validator(checkSeed, "", "seed"));
  app.add_option("--threads", a.threads, "of the fleet; default 2")->check(CLI::Range(1, 64));
  app.add_option("--format", a.format, "text or json")->check(CLI::IsMember({"text", "json"}));
}

void chooseServer(const Arguments& a, RunOptions& options, std::filesystem::path& temporary) {
  const bool running = a.bundle_stdin || !a.bundle_file.empty();
  if (!running) {
    if (!a.user.empty() || !a.password_file.empty())
      throw UsageError("--user and --password-file belong to --bundle-file or --server-bundle-stdin");
    if (!a.database.empty() && !a.database.starts_with("postgresql://") &&
        !a.database.starts_with("postgres://"))
      throw UsageError("--database: expected postgresql://USER@HOST/DATABASE");
    ServerSettings server{a.server_program, a.server_state, a.database};
    if (server.program.empty())
      server.program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "redflag-server";
    if (!std::filesystem::exists(server.program))
      throw UsageError("--server-program " + server.program.string() + ": is not there");
    if (server.state.empty()) {
      std::string name = (std::filesystem::temp_directory_path() / "redflag-swarm-XXXXXX").string();
      if (::mkdtemp(name.data()) == nullptr)
        throw UsageError("no temporary folder can be made; use --server-state");
      temporary = name;
      server.state = temporary / "server";
    }
    options.server = server;
    return;
  }
  if (a.bundle_stdin && !a.bundle_file.empty())
    throw UsageError("one bundle: --server-bundle-stdin or --bundle-file");
  if (!a.server_program.empty() || !a.server_state.empty() || !a.database.empty() ||
      options.fleet.faults.kill_server || options.moments.restart) {
    throw UsageError(
        "a server that the swarm did not start it does not end: leave out --server-program, "
        "--server-state, --database, --restart and --kill server, or the bundle");
  }
  if (a.user.empty() != a.password_file.empty())
    throw UsageError("--user and --password-file belong together");
  options.bundle = a.bundle_stdin ? std::string(std::istreambuf_iterator<char>(std::cin), {})
                                  : contentOf(a.bundle_file, "--bundle-file");
  if (a.user.empty()) return;
  const std::string password = contentOf(a.password_file, "--password-file");
  options.person = Credentials{a.user, password.substr(0, password.find('\n'))};
  if (options.person->password.empty())
    throw UsageError("--password-file " + a.password_file + ": its first line is empty");
}

void chooseMoments(const Arguments& a, RunOptions& options) {
  options.moments = {ns(a.steady_s), a.broadcast ? a.command : "", a.storm, a.restart};
  if (!options.moments.any()) return;
  const Faults& faults = options.fleet.faults;
  if (faults.kill_server || faults.kill_agent > 0 || !a.faults.empty())
    throw UsageError(
        "--steady, --broadcast, --storm and --restart measure a fleet that is well: leave out --faults and "
        "--kill");
  if (a.broadcast) options.orders.every_ns = 0;
}

RunOptions optionsOf(const Arguments& a, std::filesystem::path& temporary) {
  RunOptions options;
  FleetPlan& fleet = options.fleet;
  fleet.seed = a.seed;
  fleet.agents = a.agents;
  fleet.ramp_ns = ns(a.ramp_s);
  fleet.every_ns = ns(a.every_s);
  fleet.check_in_ns = ns(a.check_in_s);
  fleet.inventories = a.inventories;
  readPackages(a.packages, fleet.size);
  fleet.size.most_updates = a.updates;
  if (!a.faults.empty()) need(addFaults(a.faults, fleet.faults));
  if (!a.kill.empty()) need(addKills(a.kill, fleet.faults));
  options.orders = {a.command, ns(a.order_every_s), fleet.faults.lost_reply};
  options.duration_ns = ns(a.duration_s);
  options.settle_ns = ns(a.settle_s);
  options.kill_every_ns = ns(a.kill_every_s);
  options.threads = a.threads;
  chooseMoments(a, options);
  chooseServer(a, options, temporary);
  if (a.broadcast && !options.server && !options.person)
    throw UsageError("--broadcast needs somebody who orders: --user and --password-file");
  return options;
}

// Two connections an agent; the default limit is for programs that have few.
void raiseDescriptorLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free);

// Once: whoever interrupts again means the program itself.
void endEarlyWhenInterrupted() {
  struct sigaction action {};
  action.sa_handler = [](int) { interrupted = true; };
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  ::sigaction(SIGINT, &action, nullptr);
}

int report(const RunReport& run, const std::string& format) {
  std::cout << (format == "json" ? run.json.dump() + "\n" : reportText(run.json)) << std::flush;
  if (!run.sound) return kFailed;
  return run.settled ? 0 : kIncomplete;
}

int main(int argc, char** argv) {
  CLI::App app(kManual);
  app.footer(kManualEnd);
  Arguments arguments;
  describeOptions(app, arguments);
  std::filesystem::path temporary;
  int code = 0;
  try {
    app.parse(argc, argv);
    raiseDescriptorLimit();
    ::signal(SIGPIPE, SIG_IGN);
    endEarlyWhenInterrupted();
    RunOptions options = optionsOf(arguments, temporary);
    options.cut_short = &interrupted;
    std::cerr << "seed " << options.fleet.seed << '\n';
    const auto run = runSwarm(options);
    if (!run) {
      std::cerr << "redflag-swarm: " << run.error().text << '\n';
      code = kFailed;
    } else {
      code = report(*run, arguments.format);
    }
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  } catch (const UsageError& error) {
    std::cerr << "redflag-swarm: " << error.what() << '\n';
    return kUsage;
  } catch (const std::exception& error) {
    std::cerr << "redflag-swarm: " << error.what() << '\n';
    code = kFailed;
  }
  if (temporary.empty()) return code;
  if (code == 0) {
    std::filesystem::remove_all(temporary);
  } else {
    std::cerr << "what the server left is in " << temporary.string() << '\n';
  }
  return code;
}

}  // namespace
}  // namespace redflag::swarm

int main(int argc, char** argv) {
  if (const auto crypto = redflag::initCrypto(); !crypto) {
    std::cerr << crypto.error().text << '\n';
    return 1;
  }
  return redflag::swarm::main(argc, argv);
}
