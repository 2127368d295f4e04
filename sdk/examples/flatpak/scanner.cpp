// Flatpak applications of the whole machine: what is installed, and which of it its remote has anew. Each
// remote is a scope: one that does not answer says nothing about its applications, and holds no other back.
#include <map>
#include <string>
#include <vector>

#include "redflag/sdk.hpp"

namespace {

constexpr const char* kTool = "/usr/bin/flatpak";
constexpr const char* kInstalled = "installed";  // a scope of its own: what is here, and from where

struct Installed {
  std::string commit;
  std::string origin;
};

// "app/org.example.Editor/x86_64/stable"; the list of what is installed leaves out the first part.
struct Ref {
  std::string name;
  std::string arch;
  std::string branch;
};

rf::Value<Ref> refOf(std::string_view text) {
  for (const std::string_view kind : {"app/", "runtime/"}) {
    if (text.starts_with(kind)) text.remove_prefix(kind.size());
  }
  const auto parts = rf::split(text, '/', 3);
  if (!parts) return {parts.status(), parts.text()};
  return Ref{std::string((*parts)[0]), std::string((*parts)[1]), std::string((*parts)[2])};
}

std::string keyOf(const Ref& ref) {
  return ref.name + "/" + ref.arch + "/" + ref.branch;
}

class Applications final : public rf::Scanner {
 public:
  explicit Applications(rf::Host host) : exec_(host), file_(host) {}

  rf::Status probe(rf::Run&) override { return file_.info(kFolder).status(); }

  rf::Status scan(rf::Run& run) override {
    installed_.clear();
    auto scope = run.scope(kInstalled);
    if (!readInstalled(scope)) return run.outcome();
    const auto remotes = exec_.lines({kTool, "remotes", "--system", "--columns=name:f"});
    if (!remotes) {
      scope.fail(remotes.status(), "flatpak.no_remotes", remotes.text());
      return run.outcome();
    }
    if (run.purpose() == rf::Purpose::kInventory) tellInstalled(run);
    scope.complete();
    if (run.purpose() == rf::Purpose::kInventory) return run.outcome();
    for (const auto& remote : *remotes) {
      if (run.cancelled()) return rf::Status::kCancelled;
      askRemote(run, remote);
    }
    return run.outcome();
  }

 private:
  static constexpr const char* kFolder = "/var/lib/flatpak";

  bool readInstalled(rf::Scope& scope) {
    const auto lines = exec_.lines({kTool, "list", "--system", "--columns=ref:f,active:f,origin:f"});
    if (!lines) {
      scope.fail(lines.status(), "flatpak.no_list", lines.text());
      return false;
    }
    for (const auto& line : *lines) {
      const auto fields = rf::split(line, '\t', 3);
      const auto ref = fields ? refOf((*fields)[0]) : rf::Value<Ref>(fields.status(), fields.text());
      if (!ref) {
        scope.fail(ref.status(), "flatpak.bad_line", line);
        return false;
      }
      installed_[keyOf(*ref)] = {std::string((*fields)[1]), std::string((*fields)[2])};
    }
    return true;
  }

  void tellInstalled(rf::Run& run) const {
    for (const auto& [key, application] : installed_) {
      const auto ref = refOf(key);
      const auto told =
          run.package().key(key).name(ref->name).arch(ref->arch).version(application.commit).commit();
      if (told == rf::Status::kLimit) return;  // no more is wanted
    }
  }

  void askRemote(rf::Run& run, const std::string& remote) const {
    auto scope = run.scope(remote);
    const auto lines =
        exec_.lines({kTool, "remote-ls", "--system", "--updates", "--columns=ref:f,commit:f", "--", remote});
    if (!lines) {
      scope.fail(lines.status(), "flatpak.remote_failed", lines.text());
      return;
    }
    for (const auto& line : *lines) {
      const auto fields = rf::split(line, '\t', 2);
      const auto ref = fields ? refOf((*fields)[0]) : rf::Value<Ref>(fields.status(), fields.text());
      if (!ref) {
        scope.fail(ref.status(), "flatpak.bad_line", line);
        return;
      }
      const auto found = installed_.find(keyOf(*ref));
      if (found == installed_.end() || found->second.origin != remote) continue;
      const auto told = run.update()
                            .key(found->first)
                            .name(ref->name)
                            .arch(ref->arch)
                            .channel(ref->branch)
                            .installedVersion(found->second.commit)
                            .candidateVersion((*fields)[1])
                            .origin(remote)
                            .commit();
      if (told == rf::Status::kLimit) return;  // no more is wanted
    }
    scope.complete();
  }

  rf::Exec exec_;
  rf::File file_;
  std::map<std::string, Installed> installed_;
};

const rf::Declaration kDeclaration{.id = "org.example.applications",
                                   .version = "1.0.0",
                                   .name = "Flatpak applications",
                                   .vendor = "Example",
                                   .record_kinds = {"update/1", "package/1"},
                                   .capabilities = {{"exec:/usr/bin/flatpak"},
                                                    {"read:/var/lib/flatpak"},
                                                    {"read:/etc/flatpak"},
                                                    {"read:/etc/hosts", false},
                                                    {"read:/etc/resolv.conf", false},
                                                    {"read:/etc/ssl/certs", false},
                                                    {"net:any", false}}};

}  // namespace

RF_PLUGIN(Applications, kDeclaration)
