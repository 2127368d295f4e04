// The C++ layer with a third party's warnings switched on; the heart of a scanner as the documentation shows
// it.
#include "redflag/sdk.hpp"

namespace {

constexpr const char* kTool = "/usr/bin/flatpak";

class Flatpak final : public rf::Scanner {
 public:
  explicit Flatpak(rf::Host host) : exec_(host) {}

  rf::Status scan(rf::Run& run) override {
    for (const auto& remote : remotes_) {
      auto scope = run.scope(remote);
      const auto lines = exec_.lines({kTool, "remote-ls", "--updates", "--columns=ref:f,commit:f", remote});
      if (!lines) {
        scope.fail(lines.status(), "flatpak.remote_failed", lines.text());
        continue;
      }
      for (const auto& line : lines) {
        const auto f = rf::split(line, '\t', 2);
        if (!f) {
          scope.fail(f.status(), "flatpak.bad_line", line);
          break;
        }
        run.update().key((*f)[0]).name((*f)[0]).candidateVersion((*f)[1]).origin(remote).commit();
      }
      scope.complete();
    }
    return run.outcome();
  }

 private:
  rf::Exec exec_;
  std::vector<std::string> remotes_ = {"flathub"};
};

const rf::Declaration kDeclaration{.id = "org.example.flatpak",
                                   .version = "1.0.0",
                                   .name = "Flatpak",
                                   .vendor = "Example",
                                   .record_kinds = {"update/1"},
                                   .capabilities = {{"exec:/usr/bin/flatpak"}}};

}  // namespace

RF_PLUGIN(Flatpak, kDeclaration)
