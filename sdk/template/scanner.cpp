#include "redflag/sdk.hpp"

namespace {

constexpr const char* kTool = "/usr/bin/dpkg-query";

// Asks a tool what is installed, one line a package. Put your own tool, its columns and its rows here.
class Scanner final : public rf::Scanner {
 public:
  explicit Scanner(rf::Host host) : exec_(host) {}

  rf::Status scan(rf::Run& run) override {
    auto scope = run.scope("packages");  // fails unless completed
    const auto lines =
        exec_.lines({kTool, "--show", "--showformat=${Package}\\t${Architecture}\\t${Version}\\n"});
    if (!lines) {
      scope.fail(lines.status(), "template.no_answer", lines.text());
      return run.outcome();
    }
    for (const auto& line : lines) {
      if (run.cancelled()) return rf::Status::kCancelled;
      const auto fields = rf::split(line, '\t', 3);
      if (!fields) {
        scope.fail(fields.status(), "template.bad_line", fields.text());
        return run.outcome();
      }
      const std::string name((*fields)[0]);
      const std::string arch((*fields)[1]);
      const auto told =
          run.package().key(name + ":" + arch).name(name).arch(arch).version((*fields)[2]).commit();
      if (told == rf::Status::kLimit) return told;  // no more is wanted
    }
    scope.complete();
    return run.outcome();  // a scope that failed fails itself alone
  }

 private:
  rf::Exec exec_;
};

const rf::Declaration kDeclaration{.id = "org.example.template",
                                   .version = "1.0.0",
                                   .name = "Packages",
                                   .vendor = "Example",
                                   .record_kinds = {"package/1"},
                                   .capabilities = {{"exec:/usr/bin/dpkg-query"}, {"read:/var/lib/dpkg"}}};

}  // namespace

RF_PLUGIN(Scanner, kDeclaration)
