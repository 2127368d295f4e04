#pragma once
// From a class to a library: RF_PLUGIN(Class, declaration) defines the one exported function. Class is
// constructed from rf::Host. The interfaces it offers are those it derives from.
//
//   const rf::Declaration kDeclaration{.id = "org.example.flatpak", .version = "1.0.0", .name = "Flatpak",
//   …}; RF_PLUGIN(Flatpak, kDeclaration)

#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "redflag/draft/actions.h"
#include "redflag/draft/command_type.h"
#include "redflag/draft/updater.h"
#include "redflag/plugin.hpp"
#include "redflag/scanner.h"

namespace rf {

struct CapabilityWish {
  std::string_view spec;  // "exec:/usr/bin/flatpak"
  bool required = true;
};

// All texts must be literals (or live as long).
struct Declaration {
  std::string_view id;
  std::string_view version;
  std::string_view name;
  std::string_view vendor;
  std::string_view config_schema = {};  // JSON Schema of an object; "": no settings
  std::vector<std::string_view> record_kinds = {};
  std::vector<CapabilityWish> capabilities = {};
  std::vector<std::string_view> requires_libraries = {};
};

namespace detail {

// Runs `call`; whatever it throws is told and becomes a status. `tell(text)` must not throw.
template <class Call, class Tell>
rf_status guarded(Call&& call, Tell&& tell) noexcept {
  try {
    return raw(call());
  } catch (const std::exception& e) {
    tell(e.what());
  } catch (...) {
    tell("something that is not a std::exception");
  }
  return RF_INTERNAL;
}

template <class T>
struct Object {
  explicit Object(const rf_host* host) : log(Host(host)), plugin(Host(host)) {}
  rf_plugin head{};  // first: the host's pointer is ours
  Log log;
  T plugin;
};

template <class T>
T& pluginOf(rf_plugin* plugin) {
  return static_cast<Object<T>*>(plugin->plugin_data)->plugin;
}

template <class T, class Call>
rf_status guardedLog(rf_plugin* plugin, Call&& call) noexcept {
  return guarded([&] { return call(pluginOf<T>(plugin)); },
                 [&](const char* text) { static_cast<Object<T>*>(plugin->plugin_data)->log.error(text); });
}

template <class T, class Call>
rf_status guardedRun(rf_plugin* plugin, const rf_run* run, Call&& call) noexcept {
  return guarded(
      [&] {
        Run wrapped(run);
        return call(pluginOf<T>(plugin), wrapped);
      },
      [&](const char* text) { run->report(run, RF_INTERNAL, str("plugin.exception"), str(text)); });
}

template <class T>
struct ScannerTable {
  static rf_status probe(rf_plugin* plugin, const rf_run* run) {
    return guardedRun<T>(plugin, run, [](T& self, Run& r) { return static_cast<Scanner&>(self).probe(r); });
  }
  static rf_status scan(rf_plugin* plugin, const rf_run* run) {
    return guardedRun<T>(plugin, run, [](T& self, Run& r) { return static_cast<Scanner&>(self).scan(r); });
  }
  static constexpr rf_scanner_1 kTable{sizeof(rf_scanner_1), &probe, &scan};
};

template <class T>
struct UpdaterTable {
  using Operation = Status (Updater::*)(Run&, std::string_view, Output&);
  template <Operation operation>
  static rf_status call(rf_plugin* plugin, const rf_run* run, rf_str request, rf_sink result) {
    return guardedRun<T>(plugin, run, [&](T& self, Run& r) {
      Output output(result);
      return (static_cast<Updater&>(self).*operation)(r, view(request), output);
    });
  }
  static constexpr rf_updater_1 kTable{
      sizeof(rf_updater_1),    &call<&Updater::plan>,     &call<&Updater::download>, &call<&Updater::install>,
      &call<&Updater::verify>, &call<&Updater::rollback>, &call<&Updater::repair>};
};

template <class T>
struct ActionsTable {
  static rf_status list(rf_plugin* plugin, rf_sink result) {
    return guardedLog<T>(plugin, [&](T& self) {
      Output output(result);
      return static_cast<Actions&>(self).listActions(output);
    });
  }
  static rf_status run(rf_plugin* plugin, const rf_run* run, rf_str request, rf_sink result) {
    return guardedRun<T>(plugin, run, [&](T& self, Run& r) {
      Output output(result);
      return static_cast<Actions&>(self).runAction(r, view(request), output);
    });
  }
  static constexpr rf_actions_1 kTable{sizeof(rf_actions_1), &list, &run};
};

template <class T>
struct CommandTypeTable {
  using Operation = Status (CommandType::*)(std::string_view, Output&);
  template <Operation operation>
  static rf_status call(rf_plugin* plugin, rf_str batch, rf_sink result) {
    return guardedLog<T>(plugin, [&](T& self) {
      Output output(result);
      return (static_cast<CommandType&>(self).*operation)(view(batch), output);
    });
  }
  static rf_status describe(rf_plugin* plugin, rf_sink result) {
    return guardedLog<T>(plugin, [&](T& self) {
      Output output(result);
      return static_cast<CommandType&>(self).describe(output);
    });
  }
  static constexpr rf_command_type_1 kTable{sizeof(rf_command_type_1), &describe,
                                            &call<&CommandType::validate>, &call<&CommandType::plan>,
                                            &call<&CommandType::onResult>};
};

template <class T>
rf_status configure(rf_plugin* plugin, rf_str settings) {
  return guardedLog<T>(plugin, [&](T& self) { return self.configure(view(settings)); });
}

template <class T>
const void* query(rf_plugin*, rf_str interface_id) {
  if constexpr (std::is_base_of_v<Scanner, T>) {
    if (view(interface_id) == RF_SCANNER_1) return &ScannerTable<T>::kTable;
  }
  if constexpr (std::is_base_of_v<Updater, T>) {
    if (view(interface_id) == RF_UPDATER_1) return &UpdaterTable<T>::kTable;
  }
  if constexpr (std::is_base_of_v<Actions, T>) {
    if (view(interface_id) == RF_ACTIONS_1) return &ActionsTable<T>::kTable;
  }
  if constexpr (std::is_base_of_v<CommandType, T>) {
    if (view(interface_id) == RF_COMMAND_TYPE_1) return &CommandTypeTable<T>::kTable;
  }
  return nullptr;
}

template <class T>
void destroy(rf_plugin* plugin) {
  delete static_cast<Object<T>*>(plugin->plugin_data);
}

template <class T>
rf_plugin* create(const rf_host* host) {
  rf_plugin* made = nullptr;
  guarded(
      [&] {
        auto object = std::make_unique<Object<T>>(host);
        object->head = {sizeof(rf_plugin), object.get(), &configure<T>, &query<T>, &destroy<T>};
        made = &object.release()->head;
        return Status::kOk;
      },
      [&](const char* text) { Log(Host(host)).error(text); });
  return made;
}

// The descriptor with everything it points to.
template <class T>
class Library {
 public:
  explicit Library(const Declaration& declaration) {
    if constexpr (std::is_base_of_v<Scanner, T>) interfaces_.push_back(str(RF_SCANNER_1));
    if constexpr (std::is_base_of_v<Updater, T>) interfaces_.push_back(str(RF_UPDATER_1));
    if constexpr (std::is_base_of_v<Actions, T>) interfaces_.push_back(str(RF_ACTIONS_1));
    if constexpr (std::is_base_of_v<CommandType, T>) interfaces_.push_back(str(RF_COMMAND_TYPE_1));
    for (const auto kind : declaration.record_kinds)
      kinds_.push_back(str(kind));
    for (const auto soname : declaration.requires_libraries)
      requires_.push_back(str(soname));
    for (const auto& wish : declaration.capabilities) {
      capabilities_.push_back(rf_capability{str(wish.spec), wish.required ? 1U : 0U, 0});
    }
    descriptor_.struct_size = sizeof(rf_descriptor);
    descriptor_.id = str(declaration.id);
    descriptor_.version = str(declaration.version);
    descriptor_.name = str(declaration.name);
    descriptor_.vendor = str(declaration.vendor);
    descriptor_.config_schema = str(declaration.config_schema);
    descriptor_.interfaces = interfaces_.data();
    descriptor_.interface_count = interfaces_.size();
    descriptor_.record_kinds = kinds_.data();
    descriptor_.record_kind_count = kinds_.size();
    descriptor_.capabilities = capabilities_.data();
    descriptor_.capability_count = capabilities_.size();
    descriptor_.requires_libraries = requires_.data();
    descriptor_.requires_count = requires_.size();
    library_ = {sizeof(rf_library), RF_ABI_MAJOR, RF_ABI_MINOR, &descriptor_, &create<T>};
  }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
  const rf_library* get() const { return &library_; }

 private:
  std::vector<rf_str> interfaces_;
  std::vector<rf_str> kinds_;
  std::vector<rf_str> requires_;
  std::vector<rf_capability> capabilities_;
  rf_descriptor descriptor_{};
  rf_library library_{};
};

template <class T>
const rf_library* libraryOf(const Declaration& declaration) noexcept {
  try {
    static const Library<T> library(declaration);
    return library.get();
  } catch (const std::exception&) {
    return nullptr;  // no memory
  }
}

}  // namespace detail
}  // namespace rf

#define RF_PLUGIN(Class, declaration)                                 \
  extern "C" RF_EXPORT const rf_library* rf_plugin_library_v1(void) { \
    return ::rf::detail::libraryOf<Class>(declaration);               \
  }
