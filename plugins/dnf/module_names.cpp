#include "module_names.h"

#include <modulemd.h>

#include <cstdio>
#include <vector>

namespace redflag::dnf {
namespace {

constexpr std::size_t kMaxYamlBytes = 64U << 20;

using Index = std::unique_ptr<ModulemdModuleIndex, Free<&g_object_unref>>;
using Texts = std::unique_ptr<gchar*, Free<&g_strfreev>>;

std::string readCompressed(const std::string& file) {
  const std::unique_ptr<FILE, Free<&fclose>> open(solv_xfopen(file.c_str(), "r"));
  std::string content;
  std::vector<char> buffer(1U << 16);
  for (std::size_t count = 0; open && content.size() <= kMaxYamlBytes &&
                              (count = fread(buffer.data(), 1, buffer.size(), open.get())) > 0;)
    content.append(buffer.data(), count);
  return content.size() > kMaxYamlBytes ? "" : content;
}

Texts artifactsOf(ModulemdModuleStream* stream) {
  if (MODULEMD_IS_MODULE_STREAM_V2(stream))
    return Texts(modulemd_module_stream_v2_get_rpm_artifacts_as_strv(MODULEMD_MODULE_STREAM_V2(stream)));
  if (MODULEMD_IS_MODULE_STREAM_V1(stream))
    return Texts(modulemd_module_stream_v1_get_rpm_artifacts_as_strv(MODULEMD_MODULE_STREAM_V1(stream)));
  return {};
}

}  // namespace

ModuleNames::Names ModuleNames::read(const std::string& file) {
  Names names;
  const auto yaml = file.empty() ? "" : readCompressed(file);
  if (yaml.empty()) return names;
  const Index index(modulemd_module_index_new());
  GPtrArray* failures = nullptr;
  ErrorText error;
  modulemd_module_index_update_from_string(index.get(), yaml.c_str(), FALSE, &failures, error.out());
  const Packages owned(failures);
  const Texts modules(modulemd_module_index_get_module_names_as_strv(index.get()));
  for (gchar** module = modules.get(); module != nullptr && *module != nullptr; ++module) {
    auto* streams = modulemd_module_get_all_streams(modulemd_module_index_get_module(index.get(), *module));
    for (guint i = 0; i < streams->len; ++i) {
      auto* stream = static_cast<ModulemdModuleStream*>(g_ptr_array_index(streams, i));
      const auto artifacts = artifactsOf(stream);
      const auto name = textOf(*module) + ":" + textOf(modulemd_module_stream_get_stream_name(stream));
      for (gchar** one = artifacts.get(); one != nullptr && *one != nullptr; ++one)
        names.emplace(*one, name);
    }
  }
  return names;
}

std::string ModuleNames::of(DnfPackage* package) {
  const PackageSet active(dnf_sack_get_module_includes(session_.sack()));
  if (!active || dnf_packageset_has(active.get(), package) == 0) return {};
  const auto repository = textOf(dnf_package_get_reponame(package));
  auto known = by_repository_.find(repository);
  if (known == by_repository_.end())
    known = by_repository_.emplace(repository, read(session_.modulesOf(repository))).first;
  const auto nevra = textOf(dnf_package_get_name(package)) + "-" +
                     std::to_string(dnf_package_get_epoch(package)) + ":" +
                     textOf(dnf_package_get_version(package)) + "-" +
                     textOf(dnf_package_get_release(package)) + "." + textOf(dnf_package_get_arch(package));
  const auto name = known->second.find(nevra);
  return name == known->second.end() ? "" : name->second;
}

}  // namespace redflag::dnf
