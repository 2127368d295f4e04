// `redflag-agent tuf`: the TUF client by itself, spoken to as the framework's public conformance suite does.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "agent/commands.h"
#include "link/http_fetcher.h"
#include "platform/files.h"
#include "trust/tuf/client.h"
#include "trust/tuf/download.h"

namespace redflag::kernel {
namespace {

struct TufRequest {
  std::string root_file;
  std::string metadata_dir;
  std::string metadata_url;
  std::string target_name;
  std::string target_base_url;
  std::string target_dir;
};

// That suite knows no other exit codes.
void finish(Context& context, const Result<>& result) {
  if (!result) context.fail(kExitFailed, result.error().text);
}

Result<> initTuf(const TufRequest& request) {
  const auto root = platform::readFile(request.root_file, redflag::tuf::kMaxRootBytes);
  if (!root) return tl::unexpected<Error>(root.error());
  return tuf::trustRoot(tuf::Store(request.metadata_dir), *root);
}

Result<> refreshTuf(const TufRequest& request) {
  auto metadata = HttpFetcher::make(request.metadata_url);
  if (!metadata) return failAt("--metadata-url", metadata.error());
  return tuf::Client(tuf::Store(request.metadata_dir), &*metadata, systemClock()).refresh();
}

Result<> downloadTuf(const TufRequest& request) {
  auto metadata = HttpFetcher::make(request.metadata_url);
  if (!metadata) return failAt("--metadata-url", metadata.error());
  auto content = HttpFetcher::make(request.target_base_url);
  if (!content) return failAt("--target-base-url", content.error());
  tuf::Client client(tuf::Store(request.metadata_dir), &*metadata, systemClock());
  if (auto ok = client.refresh(); !ok) return ok;
  const auto target = client.find(request.target_name);
  if (!target) return tl::unexpected<Error>(target.error());
  const auto file = tuf::download(*content, *target, client.referenceOf(*target), request.target_dir);
  if (!file) return tl::unexpected<Error>(file.error());
  std::puts(file->c_str());
  return {};
}

}  // namespace

void addTuf(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("tuf", "Fetch from a repository of The Update Framework");
  command->require_subcommand(1);
  command->fallthrough();
  auto request = std::make_shared<TufRequest>();
  command->add_option("--metadata-dir", request->metadata_dir, "Folder of verified metadata")->required();
  auto* metadata_url = command->add_option("--metadata-url", request->metadata_url, "Where the metadata is");
  auto* name = command->add_option("--target-name", request->target_name, "The target to download");
  auto* base_url = command->add_option("--target-base-url", request->target_base_url, "Where targets are");
  auto* folder = command->add_option("--target-dir", request->target_dir, "Folder for downloaded targets");

  auto* init = command->add_subcommand("init", "Trust a root document");
  init->add_option("ROOT", request->root_file, "The root document's file")->required();
  init->callback([request, &context] { finish(context, initTuf(*request)); });
  auto* refresh = command->add_subcommand("refresh", "Bring the metadata up to date");
  refresh->callback([request, &context] { finish(context, refreshTuf(*request)); });
  refresh->needs(metadata_url);
  auto* download = command->add_subcommand("download", "Bring the metadata up to date, then get one target");
  download->callback([request, &context] { finish(context, downloadTuf(*request)); });
  for (auto* option : {metadata_url, name, base_url, folder})
    download->needs(option);
}

}  // namespace redflag::kernel
