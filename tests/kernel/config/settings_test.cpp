#include "config/settings.h"

#include <gmock/gmock.h>

#include <functional>

#include "base/encoding.h"
#include "protocol/keys.h"

namespace redflag::kernel {
namespace {

using testing::HasSubstr;

const Json kSchema = Json::parse(R"({"type":"object","additionalProperties":false,"properties":{
  "refresh":{"enum":["private","system","never"],"default":"private"},
  "registries":{"type":"object","additionalProperties":{"type":"object","required":["secret"],"additionalProperties":false,
    "properties":{"secret":{"type":"string"},"insecure":{"type":"boolean","default":false}}}},
  "mirror":{"type":"object","default":{},"properties":{"retries":{"type":"integer","minimum":0,"maximum":9,"default":3}}}}})");

Config withSettings(const std::string& settings) {
  auto loaded = checkConfigText("version: 1\nplugins:\n  apt:\n    settings: " + settings + "\n", "/a.yaml");
  EXPECT_TRUE(loaded.config);
  return *loaded.config;
}

Result<Json> settingsOf(const std::string& settings) {
  const Config config = withSettings(settings);
  return effectiveSettings(config, config.plugins[0], kSchema);
}

TEST(PluginSettings, have_the_schemas_defaults_filled_in) {
  EXPECT_EQ(*settingsOf("{}"), Json::parse(R"({"refresh":"private","mirror":{"retries":3}})"));
  EXPECT_EQ(*settingsOf("{refresh: never, mirror: {retries: 0}}"),
            Json::parse(R"({"refresh":"never","mirror":{"retries":0}})"));
}

TEST(PluginSettings, that_are_too_long_to_be_matched_are_refused_and_end_nothing) {
  const Json schema =
      Json::parse(R"({"type":"object","properties":{"socket":{"type":"string","pattern":"^(/.*)?$"}}})");
  EXPECT_TRUE(checkParameters(schema, {{"socket", "/run/docker.sock"}}));
  const auto refused = checkParameters(schema, {{"socket", "/" + std::string(100'000, 'a')}});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text, HasSubstr("socket: expected at most 2048 bytes"));
}

TEST(PluginSettings, name_file_line_key_and_expectation) {
  EXPECT_EQ(settingsOf("{refresh: sometimes}").error().text,
            "/a.yaml:4:16: plugins.apt.settings.refresh: expected one of private, system, never");
  EXPECT_EQ(settingsOf("{refesh: never}").error().text,
            "/a.yaml:4:16: plugins.apt.settings.refesh: unknown key; did you mean refresh?");
  EXPECT_THAT(settingsOf("{mirror: {retries: 10}}").error().text, HasSubstr("a whole number from 0 up to 9"));
  EXPECT_THAT(settingsOf("{registries: {r.example.net: {}}}").error().text,
              HasSubstr("secret is missing: expected text"));
  EXPECT_THAT(settingsOf("{registries: {r.example.net: {secret: 1}}}").error().text,
              HasSubstr("settings.registries.r.example.net.secret: expected text"));
}

TEST(PluginSettings, accept_nothing_where_the_plugin_has_no_schema) {
  const Config config = withSettings("{a: 1}");
  EXPECT_THAT(effectiveSettings(config, config.plugins[0], Json::object()).error().text,
              HasSubstr("plugins.apt.settings.a: unknown key; none is expected here"));
}

TEST(PluginSettings, survive_a_schema_that_is_nonsense) {
  const Config config = withSettings("{a: x}");
  const Json broken = Json::parse(R"({"type":"object","properties":{"a":{"pattern":"("}}})");
  EXPECT_FALSE(effectiveSettings(config, config.plugins[0], broken));
  const Json typed = Json::parse(R"({"type":12,"properties":{"a":{"type":"string"}}})");
  EXPECT_FALSE(effectiveSettings(config, config.plugins[0], typed));
  const Json circle = Json::parse(R"({"type":"object","allOf":[{"$ref":"#"}]})");
  EXPECT_FALSE(effectiveSettings(config, config.plugins[0], circle));
  const Json odd =
      Json::parse(R"({"type":"object","properties":{"a":true,"b":{"$ref":"#/properties/~5"},"~5":true}})");
  EXPECT_THAT(effectiveSettings(config, config.plugins[0], odd).error().text,
              HasSubstr("leads nowhere; expected one like #/definitions/NAME"));
}

host::Manifest manifest(const std::string& id) {
  host::Manifest out;
  out.id = id;
  out.sha256 = std::string(64, 'a');
  out.capabilities = {{"exec:/usr/bin/x", true}, {"net:any", false}};
  return out;
}

PluginConfig plugin(const std::string& id) {
  PluginConfig out;
  out.id = id;
  return out;
}

const Json kNoSettings = Json::object();

TEST(Capabilities, of_ours_are_what_the_manifest_wants) {
  EXPECT_THAT(*grantedCapabilities(plugin("apt"), manifest("apt"), kNoSettings),
              testing::ElementsAre("exec:/usr/bin/x", "net:any"));
}

TEST(Capabilities, of_a_third_party_are_exactly_what_is_listed) {
  PluginConfig foreign = plugin("org.example.x");
  foreign.sha256 = std::string(64, 'a');
  foreign.capabilities = {"exec:/usr/bin/x"};
  EXPECT_THAT(*grantedCapabilities(foreign, manifest("org.example.x"), kNoSettings),
              testing::ElementsAre("exec:/usr/bin/x"));
}

TEST(Capabilities, that_are_required_and_missing_refuse_with_the_line_to_paste) {
  PluginConfig foreign = plugin("org.example.x");
  foreign.sha256 = std::string(64, 'a');
  const auto refused = grantedCapabilities(foreign, manifest("org.example.x"), kNoSettings);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kDenied);
  EXPECT_THAT(refused.error().text, HasSubstr("capabilities: [\"exec:/usr/bin/x\"]"));
}

TEST(Capabilities, are_refused_to_a_library_that_is_not_pinned_or_another_one) {
  EXPECT_THAT(
      grantedCapabilities(plugin("org.example.x"), manifest("org.example.x"), kNoSettings).error().text,
      HasSubstr("sha256: aaaa"));
  PluginConfig foreign = plugin("org.example.x");
  foreign.sha256 = std::string(64, 'b');
  EXPECT_THAT(grantedCapabilities(foreign, manifest("org.example.x"), kNoSettings).error().text,
              HasSubstr("is another one"));
}

// Signed as `redflag-plugin-check sign` signs.
host::Manifest signedManifest(const protocol::SigningKey& key) {
  host::Manifest out = manifest("org.example.x");
  out.capabilities.clear();
  out.publisher = "ed25519:" + toBase64(key.publicKey());
  out.signature = toBase64(key.sign(host::signedText(out)));
  return out;
}

class Publisher : public testing::Test {
 protected:
  Publisher() { EXPECT_TRUE(initCrypto()); }
  std::string refusal(const PluginConfig& config, const host::Manifest& of) {
    const auto granted = grantedCapabilities(config, of, kNoSettings);
    return granted ? "" : granted.error().text;
  }
  const protocol::SigningKey key = protocol::SigningKey::generate();
  const host::Manifest signed_one = signedManifest(key);
  PluginConfig trusting = [this] {
    PluginConfig out = plugin("org.example.x");
    out.publisher = signed_one.publisher;
    return out;
  }();
};

TEST_F(Publisher, that_yaml_names_may_publish_any_version) {
  EXPECT_EQ(refusal(trusting, signed_one), "");
  auto next = signed_one;
  next.version = "2.0.0";
  next.sha256 = std::string(64, 'b');
  next.signature = toBase64(key.sign(host::signedText(next)));
  EXPECT_EQ(refusal(trusting, next), "");
}

TEST_F(Publisher, that_yaml_does_not_name_gets_the_line_to_paste) {
  EXPECT_THAT(refusal(plugin("org.example.x"), signed_one), HasSubstr("publisher: " + signed_one.publisher));
}

TEST_F(Publisher, of_another_name_or_none_is_refused) {
  EXPECT_THAT(refusal(trusting, signedManifest(protocol::SigningKey::generate())),
              HasSubstr("is signed by another one, ed25519:"));
  auto bare = signed_one;
  bare.publisher.clear();
  bare.signature.clear();
  EXPECT_THAT(refusal(trusting, bare),
              HasSubstr("plugins.org.example.x.publisher: org.example.x.json is not signed"));
}

TEST_F(Publisher, does_not_answer_for_a_manifest_that_was_changed) {
  for (const auto& change : std::vector<std::function<void(host::Manifest&)>>{
           [](auto& m) { m.sha256 = std::string(64, 'b'); }, [](auto& m) { m.id = "org.example.y"; },
           [](auto& m) { m.version = "9.9.9"; },
           [](auto& m) {
             m.capabilities = {{"net:any", false}};
           },
           [](auto& m) { m.signature.back() = m.signature.back() == 'A' ? 'B' : 'A'; },
           [](auto& m) { m.signature.clear(); }, [](auto& m) { m.publisher = "rsa:" + m.publisher; },
           [](auto& m) {
             m.publisher = "ed25519:" + toBase64(protocol::SigningKey::generate().publicKey());
           }}) {
    auto changed = signed_one;
    change(changed);
    EXPECT_THAT(refusal(trusting, changed), HasSubstr("does not fit"));
    auto pinned = plugin("org.example.x");
    pinned.sha256 = changed.sha256;
    EXPECT_THAT(refusal(pinned, changed), HasSubstr("does not fit"))
        << "also where only the hash is asked for";
  }
}

TEST(Capabilities, have_the_settings_they_name_put_in) {
  auto ours = manifest("apt");
  ours.capabilities = {{"read:{root}/etc/apt", true}, {"write:{cache}", false}, {"read:{missing}", true}};
  EXPECT_THAT(*grantedCapabilities(plugin("apt"), ours, {{"root", "/"}, {"cache", ""}}),
              testing::ElementsAre("read:/etc/apt"));
  EXPECT_THAT(*grantedCapabilities(plugin("apt"), ours, {{"root", "/srv/x/"}, {"cache", "/c/../d"}}),
              testing::ElementsAre("read:/srv/x/etc/apt", "write:/d"));
}

TEST(Capabilities, that_depend_on_a_setting_are_granted_only_while_it_has_that_value) {
  auto ours = manifest("apt");
  ours.capabilities = {{"{refresh=private}net:any", false},
                       {"{smart=true}http:unix:/x", false},
                       {"{refresh=private}read:{root}/x", false}};
  const auto granted = [&](const Json& settings) {
    return *grantedCapabilities(plugin("apt"), ours, settings);
  };
  EXPECT_THAT(granted({{"refresh", "never"}, {"smart", false}, {"root", "/"}}), testing::IsEmpty());
  EXPECT_THAT(granted({{"refresh", true}, {"smart", "yes"}}), testing::IsEmpty());
  EXPECT_THAT(granted({{"refresh", "private"}, {"smart", true}, {"root", "/r"}}),
              testing::ElementsAre("net:any", "http:unix:/x", "read:/r/x"));
  PluginConfig exact = plugin("apt");
  exact.capabilities = {"{refresh=private}net:any"};
  exact.owner_settings = {{"refresh", "never"}};
  EXPECT_THAT(grantedCapabilities(exact, ours, kNoSettings).error().text,
              HasSubstr("has another value there"));
}

TEST(Capabilities, that_root_lists_follow_what_root_wrote_and_no_publishers_default) {
  PluginConfig foreign = plugin("org.example.x");
  foreign.sha256 = std::string(64, 'a');
  foreign.capabilities = {"exec:/usr/bin/x", "read:{data_dir}"};
  const Json with_default = {{"data_dir", "/"}};  // as the schema of a next version would fill it in
  foreign.settings = {{"data_dir", "/"}};         // as the server may set it
  EXPECT_THAT(grantedCapabilities(foreign, manifest("org.example.x"), with_default).error().text,
              HasSubstr("\"read:{data_dir}\" names a setting that is not written below settings"));
  foreign.owner_settings = {{"data_dir", "/srv/x"}};
  EXPECT_THAT(*grantedCapabilities(foreign, manifest("org.example.x"), with_default),
              testing::ElementsAre("exec:/usr/bin/x", "read:/srv/x"));
}

TEST(Capabilities, of_anybody_but_us_are_what_is_listed_whatever_its_name) {
  EXPECT_THAT(grantedCapabilities(plugin("foo"), manifest("foo"), kNoSettings).error().text,
              HasSubstr("must be named by its publisher or its hash"));
}

TEST(Capabilities, of_no_known_form_are_refused_by_name) {
  PluginConfig odd = plugin("apt");
  odd.capabilities = {"exec:/usr/bin/x", "reed:/etc"};
  EXPECT_THAT(grantedCapabilities(odd, manifest("apt"), kNoSettings).error().text,
              HasSubstr("plugins.apt.capabilities: \"reed:/etc\" is none: expected read:/PATH"));
}

}  // namespace
}  // namespace redflag::kernel
