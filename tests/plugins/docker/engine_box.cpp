#include "engine_box.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <fstream>
#include <thread>

namespace redflag::test {
namespace {

namespace fs = std::filesystem;
constexpr const char* kBusybox = "/bin/busybox";

int freePort() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ::bind(fd, reinterpret_cast<const sockaddr*>(&address), size);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(fd);
  return ntohs(address.sin_port);
}

void execute(const std::vector<std::string>& argv) {
  std::vector<char*> words;
  for (const auto& word : argv)
    words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  ::execvp(words[0], words.data());
  ::_exit(127);
}

bool isThere(const char* program) {
  for (const auto* folder : {"/usr/bin/", "/usr/sbin/", "/bin/", "/usr/local/bin/"})
    if (::access((std::string(folder) + program).c_str(), X_OK) == 0) return true;
  return false;
}

template <class Condition>
bool holdsSoon(Condition condition) {
  for (int i = 0; i < 300; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return false;
}

void end(pid_t pid) {
  if (pid <= 0) return;
  ::kill(pid, SIGTERM);
  for (int i = 0; i < 200; ++i) {
    if (::waitpid(pid, nullptr, WNOHANG) == pid) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
}

}  // namespace

std::string ranWith(const std::vector<std::string>& argv, int* status) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return {};
  const auto child = ::fork();
  if (child == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    execute(argv);
  }
  ::close(ends[1]);
  std::string output;
  std::array<char, 4096> piece{};
  for (ssize_t got = 0; (got = ::read(ends[0], piece.data(), piece.size())) > 0;)
    output.append(piece.data(), static_cast<std::size_t>(got));
  ::close(ends[0]);
  int ended = 0;
  ::waitpid(child, &ended, 0);
  if (status != nullptr) {
    *status = WIFEXITED(ended) ? WEXITSTATUS(ended) : 128;
  } else {
    EXPECT_EQ(ended, 0) << argv[0] << " " << (argv.size() > 3 ? argv[3] : "");
  }
  return output;
}

bool EngineBox::possible() {
  return ::geteuid() == 0 && isThere("dockerd") && isThere("docker") && isThere("docker-registry") &&
         isThere("busybox");
}

EngineBox::EngineBox() {
  std::string pattern = "/tmp/redflag-docker-XXXXXX";
  folder_ = ::mkdtemp(pattern.data());
  port_ = freePort();
  registry_ = startRegistry(registry(), "registry", "");
  startEngine();
}

EngineBox::~EngineBox() {
  const auto left = docker({"ps", "-aq"});
  for (std::size_t at = 0; at < left.size(); at = left.find('\n', at) + 1)
    docker({"rm", "-f", left.substr(at, left.find('\n', at) - at)});
  end(engine_);
  end(registry_);
  for (const auto other : more_)
    end(other);
  std::error_code error;
  for (const auto& mount : fs::directory_iterator(folder_ / "exec/netns", error))
    ::umount2(mount.path().c_str(), MNT_DETACH);
  fs::remove_all(folder_, error);
}

pid_t EngineBox::start(const std::vector<std::string>& argv, const std::string& log) const {
  const auto child = ::fork();
  if (child != 0) return child;
  const int out = ::open((folder_ / log).c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(out, STDERR_FILENO);
  execute(argv);
  return -1;
}

pid_t EngineBox::startRegistry(const std::string& host, const std::string& name,
                               const std::string& more) const {
  const auto config = folder_ / (name + ".yml");
  std::ofstream(config) << "version: 0.1\nlog: {level: error}\nstorage:\n  filesystem: {rootdirectory: "
                        << (folder_ / name).string() << "}\nhttp:\n  addr: \"" << host << "\"\n"
                        << more;
  return start({"docker-registry", "serve", config.string()}, name + ".log");
}

std::string EngineBox::serveWithPassword() {
  const auto host = "127.0.0.1:" + std::to_string(freePort());
  // kPassword, as bcrypt.
  std::ofstream(folder_ / "htpasswd")
      << "shop:$2b$05$i/kmtWq0BPaUotOz0F.cqO1L2vpdtEzAp7gDm7ADBRXu8ylCj4huO\n";
  more_.push_back(
      startRegistry(host, "with-password",
                    "auth: {htpasswd: {realm: x, path: \"" + (folder_ / "htpasswd").string() + "\"}}\n"));
  EXPECT_TRUE(holdsSoon([&] {
    int status = 1;
    docker({"login", "--username", "shop", "--password", kPassword, host}, &status);
    return status == 0;
  }));
  return host;
}

std::string EngineBox::serveWithTls() {
  const auto host = "127.0.0.1:" + std::to_string(freePort());
  const auto certificate = (folder_ / (host + ".pem")).string();
  const auto key = (folder_ / "tls.key").string();
  ranWith({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
           "-days", "2", "-subj", "/CN=registry", "-addext",
           std::string("subjectAltName=IP:127.0.0.1,DNS:") + kProxied, "-keyout", key, "-out", certificate});
  more_.push_back(startRegistry(host, "with-tls",
                                "  tls: {certificate: \"" + certificate + "\", key: \"" + key + "\"}\n"));
  EXPECT_TRUE(holdsSoon([&] {
    int status = 1;
    ranWith(
        {"curl", "--silent", "--output", "/dev/null", "--cacert", certificate, "https://" + host + "/v2/"},
        &status);
    return status == 0;
  }));
  return host;
}

std::string EngineBox::serveBehindProxy() {
  auto host = serveWithTls();
  proxied_ = std::stoi(host.substr(host.rfind(':') + 1));
  return host;
}

ScriptedAnswer EngineBox::tunnel(const ScriptedAsk& ask) const {
  const bool is_known = ask.method == "CONNECT" && ask.target == std::string(kProxied) + ":443";
  if (!is_known || proxied_ == 0) return answer(502);
  return {"HTTP/1.1 200 OK\r\n\r\n", false, false, proxied_};
}

void EngineBox::startEngine() {
  engine_ =
      start({"env", "HTTPS_PROXY=http://" + proxy_.host(), "NO_PROXY=", "dockerd",
             std::string("--insecure-registry=") + kProxied, "--iptables=false", "--ip-masq=false",
             "--ip-forward=false", "--bridge=none", "--storage-driver=vfs",
             "--data-root=" + (folder_ / "data").string(), "--exec-root=" + (folder_ / "exec").string(),
             "--pidfile=" + (folder_ / "pid").string(), "--shutdown-timeout=1", "--host=unix://" + socket()},
            "dockerd.log");
  EXPECT_TRUE(holdsSoon([this] {
    int status = 1;
    if (fs::exists(socket())) docker({"version", "--format", "{{.Server.Version}}"}, &status);
    return status == 0;
  })) << "see "
      << folder_ / "dockerd.log";
}

std::string EngineBox::docker(std::vector<std::string> arguments, int* status) const {
  const std::vector<std::string> begin{"docker", "--config", folder_ / "client", "--host",
                                       "unix://" + socket()};
  arguments.insert(arguments.begin(), begin.begin(), begin.end());
  return ranWith(arguments, status);
}

std::string EngineBox::make(const std::string& name, const std::string& version,
                            const std::vector<std::string>& changes) const {
  const auto root = folder_ / "rootfs";
  fs::create_directories(root / "bin");
  fs::copy_file(kBusybox, root / "bin/busybox", fs::copy_options::skip_existing);
  std::ofstream(root / "version") << version << "\n";
  const auto archive = folder_ / "rootfs.tar";
  ranWith({"tar", "-C", root.string(), "-cf", archive.string(), "."});
  std::vector<std::string> import{"import"};
  for (const auto& change : changes) {
    import.emplace_back("--change");
    import.push_back(change);
  }
  import.push_back(archive.string());
  import.push_back(name);
  auto number = docker(import);
  number.erase(number.find_last_not_of('\n') + 1);
  return number;
}

std::string EngineBox::publish(const std::string& name, const std::string& version,
                               const std::vector<std::string>& changes) const {
  const bool known = !docker({"image", "ls", "--quiet", name}).empty();
  if (known) docker({"image", "tag", name, "before:kept"});
  const auto number = make(name, version, changes);
  docker({"push", "--quiet", name});
  auto digest = docker({"image", "inspect", "--format", "{{index .RepoDigests 0}}", number});
  digest = digest.substr(digest.find('@') + 1);
  digest.erase(digest.find_last_not_of('\n') + 1);
  if (known) {
    docker({"image", "tag", "before:kept", name});
    docker({"image", "rm", "before:kept"});
    docker({"image", "rm", "--force", number});
  }
  return digest;
}

Json EngineBox::inspect(const std::string& container) const {
  return Json::parse(docker({"container", "inspect", container})).at(0);
}

std::string EngineBox::versionIn(const std::string& container) const {
  auto version = docker({"exec", container, "/bin/busybox", "cat", "/version"});
  version.erase(version.find_last_not_of('\n') + 1);
  return version;
}

}  // namespace redflag::test
