#include "main/second_factor_key.h"

#include <fmt/format.h>

#include <stdexcept>

#include "auth/second_factor.h"
#include "auth/secret_file.h"
#include "base/encoding.h"
#include "store/factors.h"

namespace redflag::server {
namespace {

constexpr std::size_t kFactorKeyBytes = 32;
constexpr const char* kFactorKey = "second_factor";
constexpr const char* kDamagedKey = "is damaged";

std::string makeFactorKey(const DataFolder& data) {
  const std::string key = randomBytes(kFactorKeyBytes);
  auth::writeSecretFile(data.secondFactorKey(), key);
  return key;
}

// Of 32 random bytes: it betrays nothing of them.
std::string factorMarkOf(const std::string& key) {
  std::string text = "redflag second factor key 1\n";
  text += key;
  return toHex(sha256(text));
}

bool opensWhatIsThere(const std::string& key, const store::ReadTransaction& tx) {
  const auto newest = tx.factors().newestSealed();
  return !newest || auth::SecondFactor::opens(key, newest->user_id, newest->sealed_secret);
}

// "" where it is the right one, or would become it. The first server with this release says which key it is,
// and so that it is the right one; where nobody else can be, nobody has to say so.
std::string factorKeyFault(const std::optional<std::string>& key, const store::ReadTransaction& tx,
                           bool shared) {
  const std::string mark = shared ? tx.factors().keyMark(kFactorKey) : "";
  if (!key) {
    return mark.empty() && !tx.factors().newestSealed()
               ? ""
               : "is missing, and second factors in this database are sealed with one";
  }
  if (key->size() != kFactorKeyBytes) return kDamagedKey;
  if (mark.empty() ? opensWhatIsThere(*key, tx) : mark == factorMarkOf(*key)) return "";
  return "is another key than the one second factors in this database are sealed with";
}

FactorKeyFault factorKeyTold(const DataFolder& data, const std::string& fault, bool shared) {
  std::string advice =
      "bring keys/second_factor.key, mode 0600, back from a backup. Without the file the server makes "
      "another, and whoever has a second factor signs in with a recovery code and sets up another";
  if (shared) {
    advice = fmt::format(
        "copy keys/second_factor.key, mode 0600, from the folder of another server on this database, or from "
        "a backup of one. Where it is lost for good, `redflag-server init --data {} --new-second-factor-key` "
        "makes another, and whoever has a second factor signs in with a recovery code",
        data.path().string());
  }
  return {fmt::format("{} {}", data.secondFactorKey().string(), fault), std::move(advice)};
}

void refuseFactorKey(const DataFolder& data, const std::string& fault, bool shared) {
  if (fault.empty()) return;
  const FactorKeyFault told = factorKeyTold(data, fault, shared);
  throw std::runtime_error(fmt::format("{}: {}", told.text, told.advice));
}

}  // namespace

std::optional<FactorKeyFault> secondFactorKeyFault(const DataFolder& data, const store::Store& store,
                                                   bool shared) {
  const auto key = auth::readSecretFile(data.secondFactorKey());
  const std::string fault =
      store.read([&](const store::ReadTransaction& tx) { return factorKeyFault(key, tx, shared); });
  return fault.empty() ? std::nullopt : std::optional(factorKeyTold(data, fault, shared));
}

std::string secondFactorKey(const DataFolder& data, store::Store& store, bool shared) {
  auto key = auth::readSecretFile(data.secondFactorKey());
  if (!shared) {
    if (key && key->size() != kFactorKeyBytes) refuseFactorKey(data, kDamagedKey, shared);
    return key ? *key : makeFactorKey(data);
  }
  std::string fault =
      store.read([&](const store::ReadTransaction& tx) { return factorKeyFault(key, tx, shared); });
  refuseFactorKey(data, fault, shared);
  if (!key) key = makeFactorKey(data);
  // Another server may have been the first one meanwhile.
  fault = store.write([&](store::WriteTransaction& tx) {
    std::string found = factorKeyFault(key, tx, shared);
    if (found.empty() && tx.factors().keyMark(kFactorKey).empty())
      tx.factors().setKeyMark(kFactorKey, factorMarkOf(*key));
    return found;
  });
  refuseFactorKey(data, fault, shared);
  return *key;
}

void replaceSecondFactorKey(const DataFolder& data, store::Store& store) {
  const auto present = auth::readSecretFile(data.secondFactorKey());
  const bool in_use =
      present && present->size() == kFactorKeyBytes && store.read([&](const store::ReadTransaction& tx) {
        return tx.factors().newestSealed().has_value() && opensWhatIsThere(*present, tx);
      });
  if (in_use)
    throw std::runtime_error(fmt::format("{} is not lost: second factors in this database open with it",
                                         data.secondFactorKey().string()));
  const std::string mark = factorMarkOf(makeFactorKey(data));
  store.write([&](store::WriteTransaction& tx) { tx.factors().setKeyMark(kFactorKey, mark); });
}

}  // namespace redflag::server
