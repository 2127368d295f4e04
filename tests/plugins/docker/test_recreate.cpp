// A container's settings, told apart from its image's.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "recreate.h"
#include "request.h"

namespace redflag::test {
namespace {

using docker::recreationOf;

const std::string kId = std::string(12, 'a') + std::string(52, 'b');

Json inspected(Json config, Json host_config = {{"NetworkMode", "none"}}) {
  return {{"Id", kId}, {"Config", std::move(config)}, {"HostConfig", std::move(host_config)}};
}

TEST(Recreate, leaves_to_the_image_what_came_from_the_image) {
  const Json image{{"Config",
                    {{"Env", {"PATH=/bin", "VERSION=1"}},
                     {"Labels", {{"vendor", "x"}, {"shared", "a"}}},
                     {"Cmd", {"serve"}},
                     {"Entrypoint", {"/app"}},
                     {"WorkingDir", "/srv"},
                     {"User", "app"},
                     {"ExposedPorts", {{"80/tcp", Json::object()}}}}}};
  const auto body =
      recreationOf(inspected({{"Image", "app:1"},
                              {"Env", {"PATH=/bin", "VERSION=1", "MINE=2"}},
                              {"Labels", {{"vendor", "x"}, {"shared", "b"}, {"mine", "c"}}},
                              {"Cmd", {"serve"}},
                              {"Entrypoint", {"/app"}},
                              {"WorkingDir", "/srv"},
                              {"User", "root"},
                              {"ExposedPorts", {{"80/tcp", Json::object()}, {"81/tcp", Json::object()}}}}),
                   image)
          .body;
  EXPECT_EQ(body.at("Image"), "app:1");
  EXPECT_EQ(body.at("Env"), Json({"MINE=2"}));
  EXPECT_EQ(body.at("Labels"), Json({{"shared", "b"}, {"mine", "c"}}));
  EXPECT_EQ(body.at("User"), "root");
  EXPECT_EQ(body.at("ExposedPorts"), Json({{"81/tcp", Json::object()}}));
  for (const auto* gone : {"Cmd", "Entrypoint", "WorkingDir"})
    EXPECT_FALSE(body.contains(gone)) << gone;
}

TEST(Recreate, keeps_a_command_below_an_entry_point_of_its_own) {
  const Json image{{"Config", {{"Cmd", {"serve"}}, {"Entrypoint", {"/app"}}}}};
  const auto body = recreationOf(inspected({{"Cmd", {"serve"}}, {"Entrypoint", {"/other"}}}), image).body;
  EXPECT_EQ(body.at("Cmd"), Json({"serve"}));
  EXPECT_EQ(body.at("Entrypoint"), Json({"/other"}));
}

TEST(Recreate, keeps_an_entry_point_away_that_was_taken_away) {
  const Json image{{"Config", {{"Cmd", {"serve"}}, {"Entrypoint", {"/app"}}}}};
  const auto body = recreationOf(inspected({{"Cmd", {"/bin/job"}}, {"Entrypoint", nullptr}}), image).body;
  EXPECT_EQ(body.at("Entrypoint"), Json::array({""})) << "of none an engine makes the image's";
  EXPECT_EQ(body.at("Cmd"), Json({"/bin/job"}));
}

TEST(Recreate, keeps_a_command_away_that_an_entry_point_like_the_images_took_away) {
  const Json image{{"Config", {{"Cmd", {"serve"}}, {"Entrypoint", {"/app"}}}}};
  for (const auto& none : {Json(), Json::array()}) {
    const auto body = recreationOf(inspected({{"Cmd", none}, {"Entrypoint", {"/app"}}}), image).body;
    EXPECT_EQ(body.at("Entrypoint"), Json({"/app"})) << "without it an engine gives the image's command, too";
    EXPECT_EQ(body.at("Cmd"), none);
  }
}

TEST(Recreate, leaves_the_command_to_an_image_whose_entry_point_is_empty_however_that_is_told) {
  for (const auto& told : {Json(), Json::array()}) {
    for (const auto& kept : {Json(), Json::array()}) {
      const Json image{{"Config", {{"Cmd", {"serve"}}, {"Entrypoint", told}}}};
      const auto body = recreationOf(inspected({{"Cmd", {"serve"}}, {"Entrypoint", kept}}), image).body;
      EXPECT_FALSE(body.contains("Entrypoint")) << told << kept;
      EXPECT_FALSE(body.contains("Cmd")) << told << kept;
    }
  }
}

TEST(Recreate, keeps_of_a_check_what_was_asked_for_beside_the_images) {
  const Json image{{"Config", {{"Healthcheck", {{"Test", {"CMD", "/check-v1"}}, {"Retries", 3}}}}}};
  const auto checkOf = [&](const Json& check) {
    const auto body = recreationOf(inspected({{"Healthcheck", check}}), image).body;
    return body.contains("Healthcheck") ? body.at("Healthcheck") : Json("the image's");
  };
  EXPECT_EQ(checkOf(image.at("Config").at("Healthcheck")), "the image's");
  EXPECT_EQ(checkOf(nullptr), "the image's");
  EXPECT_EQ(checkOf({{"Test", {"CMD", "/check-v1"}}, {"Retries", 3}, {"Interval", 5}}),
            Json({{"Interval", 5}}))
      << "the next image may have another command";
  EXPECT_EQ(checkOf({{"Test", {"CMD", "/mine"}}, {"Retries", 3}}), Json({{"Test", {"CMD", "/mine"}}}));
  EXPECT_EQ(checkOf({{"Test", Json::array({"NONE"})}}), Json({{"Test", Json::array({"NONE"})}}))
      << "switched off";
}

TEST(Recreate, names_the_volume_of_a_place_that_was_bound_without_one) {
  auto container =
      inspected(Json::object(), {{"NetworkMode", "none"}, {"Binds", Json::array({"/data", "x:/other"})}});
  container["Mounts"] = {{{"Type", "volume"}, {"Name", "v1"}, {"Destination", "/data"}, {"RW", true}},
                         {{"Type", "volume"}, {"Name", "x"}, {"Destination", "/other"}, {"RW", true}}};
  EXPECT_EQ(recreationOf(container, nullptr).body.at("HostConfig").at("Binds"),
            Json({"v1:/data", "x:/other"}))
      << "twice the same place would be refused";
}

TEST(Recreate, drops_a_name_that_was_its_number_and_keeps_a_given_one) {
  EXPECT_FALSE(
      recreationOf(inspected({{"Hostname", std::string(12, 'a')}}), nullptr).body.contains("Hostname"));
  EXPECT_EQ(recreationOf(inspected({{"Hostname", "web"}}), nullptr).body.at("Hostname"), "web");
  EXPECT_FALSE(recreationOf(inspected({{"Hostname", "web"}}, {{"NetworkMode", "container:x"}}), nullptr)
                   .body.contains("Hostname"))
      << "the other one's";
}

TEST(Recreate, keeps_every_volume) {
  auto container = inspected({{"Volumes", {{"/data", Json::object()}}}},
                             {{"NetworkMode", "none"},
                              {"Binds", {"named:/named:rw", "/etc:/host"}},
                              {"Mounts", {{{"Type", "volume"}, {"Target", "/asked"}}}}});
  container["Mounts"] = {{{"Type", "volume"}, {"Name", "v1"}, {"Destination", "/data"}, {"RW", true}},
                         {{"Type", "volume"}, {"Name", "v2"}, {"Destination", "/asked"}, {"RW", true}},
                         {{"Type", "volume"}, {"Name", "v3"}, {"Destination", "/read"}, {"RW", false}},
                         {{"Type", "volume"}, {"Name", "named"}, {"Destination", "/named"}, {"RW", true}},
                         {{"Type", "bind"}, {"Source", "/etc"}, {"Destination", "/host"}, {"RW", true}}};
  const auto host_config = recreationOf(container, nullptr).body.at("HostConfig");
  EXPECT_EQ(host_config.at("Binds"), Json({"named:/named:rw", "/etc:/host", "v1:/data", "v3:/read:ro"}));
  EXPECT_EQ(host_config.at("Mounts")[0].at("Source"), "v2");
}

TEST(Recreate, mounts_no_place_twice_however_it_was_written) {
  auto container = inspected(Json::object(), {{"NetworkMode", "none"},
                                              {"Binds", {"named:/named/:rw", "other:/a//b"}},
                                              {"Mounts", {{{"Type", "volume"}, {"Target", "/asked/"}}}}});
  container["Mounts"] = {{{"Type", "volume"}, {"Name", "named"}, {"Destination", "/named"}, {"RW", true}},
                         {{"Type", "volume"}, {"Name", "other"}, {"Destination", "/a/b"}, {"RW", true}},
                         {{"Type", "volume"}, {"Name", "v2"}, {"Destination", "/asked"}, {"RW", true}}};
  const auto host_config = recreationOf(container, nullptr).body.at("HostConfig");
  EXPECT_EQ(host_config.at("Binds"), Json({"named:/named/:rw", "other:/a//b"}));
  EXPECT_EQ(host_config.at("Mounts")[0].at("Source"), "v2");
}

TEST(Recreate, asks_for_the_networks_that_were_asked_for) {
  auto container = inspected({}, {{"NetworkMode", "front"}, {"Links", {"/db:/web/store"}}});
  container["NetworkSettings"]["Networks"] = {
      {"back", {{"Aliases", {"api", std::string(12, 'a')}}, {"IPAddress", "10.0.0.2"}, {"GwPriority", 5}}},
      {"front",
       {{"IPAMConfig", {{"IPv4Address", "10.1.0.9"}}},
        {"Aliases", nullptr},
        {"IPAddress", "10.1.0.9"},
        {"MacAddress", "02:42:0a:01:00:09"},
        {"GwPriority", 0}}}};
  const auto made = recreationOf(container, nullptr);
  EXPECT_EQ(made.body.at("NetworkingConfig").at("EndpointsConfig"),
            Json({{"front", {{"IPAMConfig", {{"IPv4Address", "10.1.0.9"}}}}}}));
  ASSERT_EQ(made.more_networks.size(), 1U);
  EXPECT_EQ(made.more_networks[0].first, "back");
  EXPECT_EQ(made.more_networks[0].second, Json({{"Aliases", Json::array({"api"})}, {"GwPriority", 5}}));
  EXPECT_EQ(made.body.at("HostConfig").at("Links"), Json({"db:store"}));
}

// Licences and a network's own rules go by them.
TEST(Recreate, keeps_hardware_addresses_but_those_made_of_network_addresses) {
  auto container = inspected({}, {{"NetworkMode", "front"}});
  container["NetworkSettings"]["Networks"] = {
      {"back", {{"IPAddress", "10.0.0.2"}, {"MacAddress", "02:42:0a:00:00:02"}}},
      {"front", {{"IPAddress", "10.1.0.9"}, {"MacAddress", "00:e0:84:35:d0:e8"}}},
      {"lan", {{"IPAddress", ""}, {"MacAddress", "00:e0:84:35:d0:e9"}}},
      {"stopped", {{"IPAddress", ""}, {"MacAddress", ""}}}};
  const auto front = [&] {
    return recreationOf(container, nullptr).body.at("NetworkingConfig").at("EndpointsConfig").at("front");
  };
  EXPECT_EQ(front().value("MacAddress", ""), "00:e0:84:35:d0:e8");
  std::map<std::string, std::string> others;
  const auto made = recreationOf(container, nullptr);
  for (const auto& [name, endpoint] : made.more_networks)
    others[name] = endpoint.value("MacAddress", "");
  EXPECT_EQ(others, (std::map<std::string, std::string>{
                        {"back", ""}, {"lan", "00:e0:84:35:d0:e9"}, {"stopped", ""}}));
  container["Config"]["MacAddress"] = "00:e0:84:35:d0:e8";
  EXPECT_FALSE(front().contains("MacAddress")) << "the engine has it from there";
}

TEST(Recreate, makes_something_of_nothing) {
  for (const auto& odd :
       {Json(), Json(7), Json({{"Config", 7}, {"HostConfig", 7}, {"Mounts", 7}}), Json::array({1})})
    EXPECT_TRUE(recreationOf(odd, odd).body.is_object());
}

TEST(DockerRequest, refuses_what_is_malformed_and_names_the_member) {
  const std::string digest = "sha256:" + std::string(64, 'a');
  const auto update = [&](Json changes) {
    Json item{{"name", "app"}, {"arch", "linux/amd64"}, {"version", digest}};
    item.update(changes);
    return dumpJson({{"updates", {item}}});
  };
  EXPECT_TRUE(docker::parseRequest(update(Json::object()), false));
  for (const auto& [text, member] : std::vector<std::pair<std::string, std::string>>{
           {"{", "request"},
           {"{}", "request.updates"},
           {update({{"version", "1.2.3"}}), "request.updates[0].version"},
           {update({{"name", "--opt"}}), "request.updates[0].name"},
           {update({{"extra", 1}}), "request.updates[0].extra"}}) {
    const auto read = docker::parseRequest(text, false);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().status, RF_INVALID);
    EXPECT_NE(read.error().text.find(member), std::string::npos) << read.error().text;
  }
  EXPECT_FALSE(docker::parseRequest(update(Json::object()), true)) << "no plan";
}

}  // namespace
}  // namespace redflag::test
