#include <gmock/gmock.h>

#include <fstream>

#include "common/units.h"
#include "kernel_images.h"
#include "outdated_services.h"
#include "reboot_packages.h"
#include "support/fake_host.h"
#include "support/program.h"
#include "support/rpm_factory.h"
#include "support_end.h"
#include "system_scan.h"
#include "text_forms.h"

namespace redflag::test {
namespace {

using system::newestInstalled;
using testing::ElementsAre;
using testing::IsEmpty;

class SystemTree : public testing::Test {
 protected:
  SystemTree() {
    auto pattern = (std::filesystem::temp_directory_path() / "redflag-system-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
    fake_.files = root_;
    write("etc/os-release", "# a comment\nNAME=\"Debian GNU/Linux\"\nVERSION_ID='12'\nID=debian\n");
    write("proc/sys/kernel/osrelease", "6.1.0-37-amd64\n");
    write("proc/meminfo",
          "MemTotal:       24611228 kB\nMemAvailable:    1000 kB\nSwapTotal: 8 kB\nSwapFree: 2 "
          "kB\nHugePages_Total:  0\n");
    write("proc/stat", "cpu  1 2 3\ncpu0 1 2\ncpu1 1 2\nbtime 1700000000\n");
    write("proc/uptime", "1560.25 3000.00\n");
    write("proc/loadavg", "0.51 0.40 0.20 1/234 5678\n");
    write("boot/vmlinuz-6.1.0-37-amd64", "");
  }
  ~SystemTree() override { std::filesystem::remove_all(root_); }

  void write(const std::string& file, const std::string& content) const {
    std::filesystem::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << content;
  }
  rf::Status scan() {
    rf::Run run(fake_.newRun());
    return system::SystemScan(fake_.host(), run).scan();
  }
  Json metric(const std::string& name, const std::string& label = "") const {
    for (const auto& row : fake_.ofKind("metric/1"))
      if (row.at("name") == name && (label.empty() || row.at("label").at(0) == label)) return row.at("value");
    return nullptr;
  }

  std::filesystem::path root_;
  FakeHost fake_;
};

TEST_F(SystemTree, says_which_system_this_is) {
  ASSERT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(fake_.fact("os.name"), "Debian GNU/Linux");
  EXPECT_EQ(fake_.fact("os.version"), "12");
  EXPECT_EQ(fake_.fact("kernel.running"), "6.1.0-37-amd64");
  EXPECT_EQ(fake_.fact("kernel.installed"), "6.1.0-37-amd64");
  EXPECT_EQ(fake_.fact("cpu.count"), 2);
  EXPECT_EQ(fake_.fact("memory.total_bytes"), 24611228LL * 1024);
  EXPECT_EQ(fake_.fact("boot.at_s"), 1700000000);
  EXPECT_EQ(fake_.fact("reboot.required"), 0);
  EXPECT_EQ(metric("load_average_5m_ratio"), 0.40);
  EXPECT_EQ(metric("memory_available_bytes"), 1000 * 1024.0);
  EXPECT_EQ(metric("swap_used_bytes"), 6 * 1024.0);
  EXPECT_EQ(metric("uptime_seconds"), 1560.25);
}

TEST_F(SystemTree, says_until_when_it_is_supported_where_somebody_on_it_knows) {
  ASSERT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(fake_.fact("os.support_end"), nullptr);
  EXPECT_EQ(fake_.fact("os.long_term_support_end"), nullptr);
  // distro-info-data as this machine has it; of versions whose days will not change any more.
  write("etc/os-release",
        "NAME=\"Debian GNU/Linux\"\nVERSION_ID=\"11\"\nVERSION_CODENAME=bullseye\nID=debian\n");
  std::filesystem::create_directories(root_ / "usr/share/distro-info");
  std::filesystem::copy("/usr/share/distro-info/debian.csv", root_ / "usr/share/distro-info/debian.csv");
  ASSERT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(fake_.fact("os.support_end"), "2024-08-14");
  EXPECT_EQ(fake_.fact("os.long_term_support_end"), "2026-08-31");
}

TEST_F(SystemTree, believes_a_system_that_names_the_end_of_its_support_itself) {
  // Fedora 40's own, without its addresses.
  write("etc/os-release",
        "NAME=\"Fedora Linux\"\nVERSION=\"40 (Container Image)\"\nID=fedora\nVERSION_ID=40\n"
        "VERSION_CODENAME=\"\"\nSUPPORT_END=2025-05-13\nVARIANT_ID=container\n");
  ASSERT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(fake_.fact("os.support_end"), "2025-05-13");
  EXPECT_EQ(fake_.fact("os.long_term_support_end"), nullptr);
}

std::string contentOf(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

system::SupportEnd endOf(const std::string& release, const std::string& table) {
  return system::supportEnd(system::parseOsRelease(release), table);
}

TEST(SupportEnd, is_what_the_distributions_own_table_says_of_this_version) {
  const auto debian = contentOf("/usr/share/distro-info/debian.csv");
  const auto ubuntu = contentOf("/usr/share/distro-info/ubuntu.csv");
  EXPECT_EQ(endOf("VERSION_ID=\"11\"\nVERSION_CODENAME=bullseye\n", debian),
            (system::SupportEnd{"2024-08-14", "2026-08-31"}));
  EXPECT_EQ(endOf("VERSION_ID=10\n", debian), (system::SupportEnd{"2022-09-10", "2024-06-30"}));
  EXPECT_EQ(endOf("VERSION_ID=\"20.04\"\n", ubuntu), (system::SupportEnd{"2025-05-29", ""}));
  EXPECT_EQ(endOf("VERSION_ID=\"23.10\"\nVERSION_CODENAME=mantic\n", ubuntu),
            (system::SupportEnd{"2024-07-11", ""}));
  for (const char* unknown : {"", "VERSION_CODENAME=forky\n", "VERSION_CODENAME=nowhere\nVERSION_ID=12\n",
                              "VERSION_ID=1\n", "VERSION_CODENAME=sid\n"})
    EXPECT_EQ(endOf(unknown, debian), system::SupportEnd()) << unknown;
}

TEST(SupportEnd, takes_nothing_for_a_day_that_is_none) {
  for (const char* odd : {"", "tomorrow", "2025-02-30", "2025-13-01", "2025-1-1", "-025-01-01", "2025-01-01x",
                          "2025/01/01", "\x1b[31m2025", "0000-01-01", "20250101-1"}) {
    EXPECT_EQ(endOf("SUPPORT_END=" + std::string(odd), ""), system::SupportEnd()) << odd;
    EXPECT_EQ(endOf("VERSION_ID=1", "version,eol\n1," + std::string(odd)), system::SupportEnd()) << odd;
  }
  EXPECT_EQ(endOf("VERSION_ID=1", "version,eol\n1,2024-02-29"), (system::SupportEnd{"2024-02-29", ""}));
  EXPECT_EQ(endOf("VERSION_ID=1", "version,eol\n1"), system::SupportEnd());
  EXPECT_EQ(endOf("VERSION_ID=1\nSUPPORT_END=never", "eol,version\n2024-02-29,1"),
            (system::SupportEnd{"2024-02-29", ""}));
}

TEST(SupportEnd, is_looked_for_in_a_file_of_a_systems_own_name_only) {
  EXPECT_EQ(system::versionTable("debian"), "/usr/share/distro-info/debian.csv");
  for (const char* odd : {"", "../debian", "a/b", "Debian", "a b", "a.b"})
    EXPECT_EQ(system::versionTable(odd), "") << odd;
}

TEST(UnitOf, is_the_system_service_that_a_control_group_belongs_to) {
  EXPECT_EQ(plugin::unitOf("/system.slice/ssh.service"), "ssh.service");
  EXPECT_EQ(plugin::unitOf("/system.slice/system-getty.slice/getty@tty1.service"), "getty@tty1.service");
  EXPECT_EQ(plugin::unitOf("/system.slice/redflag-broker.service/run-1"), "redflag-broker.service");
  for (const char* own : {"docker.service", "docker-registry.service", "lxc-net.service", "lxcfs.service"})
    EXPECT_EQ(plugin::unitOf(std::string("/system.slice/") + own), own) << "what runs containers is none";
  EXPECT_EQ(plugin::unitOf("/system.slice/_cpu.service"), "cpu.service") << "as systemd escapes it";
  EXPECT_EQ(plugin::unitOf("/system.slice/__own.service"), "_own.service");
  EXPECT_EQ(plugin::unitOf("/system.slice/dm-event\\x2dd@a.service"), "dm-event\\x2dd@a.service");
  for (const char* none :
       {"", "/", "/init.scope", "/system.slice", "/system.slice/.service",
        "/system.slice/\xe2\x80\xae.service", "/user.slice/user-0.slice/user@0.service/x.service",
        "/system.slice/docker-0a1b.scope", "/docker/0a1b/system.slice/ssh.service",
        "/system.slice/web.service/libpod-payload-0a1b", "/lxc.payload.web/system.slice/ssh.service",
        "/lxc/101/ns/system.slice/ssh.service", "/kubepods/besteffort/pod1/0a1b/system.slice/ssh.service",
        "/system.slice/containerd.service/kubepods-burstable-pod1.slice:cri-containerd:0a1b",
        "/machine.slice/systemd-nspawn@web.service/payload/system.slice/ssh.service"})
    EXPECT_EQ(plugin::unitOf(none), "") << none;
}

TEST_F(SystemTree, names_services_that_run_replaced_files_with_the_packages_of_these) {
  fake_.local_answers["/outdated"] = R"({"processes":[
    {"pid":7,"command":"sshd","control_group":"/system.slice/ssh.service","files":["/usr/lib/x86_64-linux-gnu/libz.so.1"]},
    {"pid":8,"command":"sshd-session","control_group":"/system.slice/ssh.service","files":["/usr/lib/libunowned.so"]},
    {"pid":9,"command":"bash","control_group":"/user.slice/user-0.slice/session-1.scope","files":["/usr/bin/bash"]}
  ],"unreadable":3})";
  write("var/lib/dpkg/info/zlib1g:amd64.list", "/.\n/lib\n/lib/x86_64-linux-gnu/libz.so.1\n");
  write("var/lib/dpkg/info/other.list", "/usr/lib/x86_64-linux-gnu/libz.so.1.2\n");
  ASSERT_EQ(scan(), rf::Status::kOk);
  const auto services = fake_.ofKind("service/1");
  ASSERT_EQ(services.size(), 1U);
  EXPECT_EQ(services[0].at("name"), "ssh.service");
  EXPECT_EQ(services[0].at("needs_restart"), 1);
  EXPECT_EQ(services[0].at("packages"), "zlib1g");
  EXPECT_EQ(services[0].at("reason"),
            "sshd, sshd-session still runs what was replaced: /usr/lib/libunowned.so, "
            "/usr/lib/x86_64-linux-gnu/libz.so.1");
  EXPECT_EQ(fake_.fact("services.unreadable_processes"), 3);
}

TEST_F(SystemTree, says_which_services_only_a_restart_of_the_machine_renews) {
  fake_.local_answers["/outdated"] = R"({"processes":[
    {"pid":7,"command":"dbus-daemon","control_group":"/system.slice/dbus.service","files":["/usr/lib/libz.so.1"]},
    {"pid":8,"command":"redflag-agent","control_group":"/system.slice/redflag-agent.service","files":["/usr/lib/libz.so.1"]},
    {"pid":9,"command":"sshd","control_group":"/system.slice/ssh.service","files":["/usr/lib/libz.so.1"]}
  ],"unreadable":0})";
  ASSERT_EQ(scan(), rf::Status::kOk);
  const auto services = fake_.ofKind("service/1");
  ASSERT_EQ(services.size(), 3U);
  EXPECT_EQ(services[0].at("name"), "dbus.service");
  EXPECT_EQ(services[0].at("needs_reboot"), 1);
  EXPECT_EQ(services[1].at("name"), "redflag-agent.service");
  EXPECT_EQ(services[1].at("needs_reboot"), 1);
  EXPECT_EQ(services[1].at("needs_restart"), 1);
  EXPECT_EQ(services[2].at("name"), "ssh.service");
  EXPECT_FALSE(services[2].contains("needs_reboot"));
}

TEST_F(SystemTree, names_units_that_have_failed_and_why) {
  fake_.local_answers["/failed"] = R"({"units":[
    {"name":"backup.service","description":"Nightly backup","result":"exit-code","status":2},
    {"name":"srv.mount","description":"/srv","result":"timeout","status":0},
    {"name":"odd.timer","description":"","result":"","status":0}]})";
  ASSERT_EQ(scan(), rf::Status::kOk);
  const auto units = fake_.ofKind("service/1");
  ASSERT_EQ(units.size(), 3U);
  EXPECT_EQ(units[0].at("name"), "backup.service");
  EXPECT_EQ(units[0].at("state"), "failed");
  EXPECT_EQ(units[0].at("reason"), "Nightly backup: exit-code, status 2");
  EXPECT_EQ(units[0].at("scope"), "units");
  EXPECT_FALSE(units[0].contains("needs_restart"));
  EXPECT_EQ(units[1].at("reason"), "/srv: timeout");
  EXPECT_FALSE(units[2].contains("reason"));
  EXPECT_EQ(fake_.fact("units.failed"), 3);
  EXPECT_EQ(fake_.scopeStatus("units"), RF_OK);
}

TEST_F(SystemTree, leaves_no_failed_unit_out_for_how_it_is_described) {
  fake_.local_answers["/failed"] = R"({"units":[
    {"name":"a.service","description":"Sicherung f\u00fcr nachts","result":"timeout","status":0},
    {"name":"b.service","description":"\u202eodd","result":"exit-code","status":2},
    {"name":"c.service","description":"\u0085","result":"\u0085","status":1}]})";
  ASSERT_EQ(scan(), rf::Status::kOk);
  const auto units = fake_.ofKind("service/1");
  ASSERT_EQ(units.size(), 3U);
  EXPECT_EQ(units[0].at("reason"), "Sicherung f\u00fcr nachts: timeout");
  EXPECT_EQ(units[1].at("reason"), "exit-code, status 2");
  EXPECT_EQ(units[2].at("reason"), "status 1");
}

TEST_F(SystemTree, says_that_no_unit_has_failed_only_where_somebody_was_asked) {
  ASSERT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(fake_.fact("units.failed"), nullptr);
  EXPECT_EQ(fake_.scopeStatus("units"), RF_NOT_APPLICABLE) << "no such scope";
  fake_.local_answers["/failed"] = R"({"units":[]})";
  ASSERT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(fake_.fact("units.failed"), 0);
  for (const char* odd :
       {"[]", R"({"units":[{"name":""}]})", R"({"units":[{"name":"a.service","status":-1}]})",
        R"({"units":[{"name":"a.service","pid":1}]})", R"({"units":[{"name":"\u0085.service"}]})"}) {
    fake_.local_answers["/failed"] = odd;
    EXPECT_EQ(scan(), rf::Status::kOk) << odd << ": load and memory are told all the same";
    EXPECT_TRUE(fake_.reported("system.bad_answer"));
    EXPECT_EQ(fake_.fact("units.failed"), nullptr);
    EXPECT_NE(fake_.scopeStatus("units"), RF_OK) << "what was known stays";
  }
}

TEST_F(SystemTree, says_how_many_units_have_failed_beside_those_that_are_told) {
  fake_.local_answers["/failed"] =
      R"({"units":[{"name":"a.service","description":"","result":"timeout","status":0}],"total":201})";
  EXPECT_EQ(scan(), rf::Status::kOk) << "load and memory are told all the same";
  EXPECT_EQ(fake_.ofKind("service/1").size(), 1U) << "what is known is told";
  EXPECT_EQ(fake_.fact("units.failed"), 201);
  EXPECT_NE(fake_.scopeStatus("units"), RF_OK) << "those that are not told of have failed as well";
  EXPECT_TRUE(fake_.reported("system.too_many_units"));
  fake_.local_answers["/failed"] =
      R"({"units":[{"name":"a.service","description":"","result":"timeout","status":0}],"total":0})";
  EXPECT_EQ(scan(), rf::Status::kOk);
  EXPECT_TRUE(fake_.reported("system.bad_answer")) << "fewer than are named";
}

// rpm's own database of a root, with a package that has a library and the link by which programs find it.
class RpmTree : public SystemTree {
 protected:
  RpmTree() {
    std::filesystem::create_directories(root_ / "rpm/var/lib/rpm");
    std::filesystem::create_directories(root_ / "rpm/root");
    std::filesystem::create_directory_symlink("../var/lib/rpm", root_ / "rpm/root/.rpmdb");
    const Rpm library{.name = "gadget-libs",
                      .evr = "2-1",
                      .sections =
                          "%install\ninstall -D /dev/null %{buildroot}/usr/lib64/libgadget.so.2.1.9\n"
                          "ln -s libgadget.so.2.1.9 %{buildroot}/usr/lib64/libgadget.so.2\n",
                      .file = "",
                      .files = "/usr/lib64/libgadget.so.2.1.9\n/usr/lib64/libgadget.so.2\n"};
    outputOf({"sh", "-c", "exec rpm \"$@\" 2> /dev/null", "rpm", "--root", (root_ / "rpm").string(), "-i",
              "--nodeps", "--ignorearch", rpmFile(library).string()},
             kEnvironment);
    fake_.exec = [this](std::vector<std::string> argv) {
      EXPECT_EQ(argv[0], "/usr/bin/rpm");
      argv.insert(argv.begin() + 1, {"--root", (root_ / "rpm").string()});
      const auto ended = runProgram(argv, kEnvironment);
      return rf::ExecResult{ended.code, ended.output, ""};
    };
  }
  // Debian's rpm keeps its database in root's home.
  const std::vector<std::string> kEnvironment{"HOME=/root", "LC_ALL=C.UTF-8"};
};

TEST_F(RpmTree, names_the_packages_of_replaced_files) {
  fake_.local_answers["/outdated"] = R"({"processes":[
    {"pid":7,"command":"gadgetd","control_group":"/system.slice/gadget.service","files":["/lib64/libgadget.so.2.1.4"]},
    {"pid":8,"command":"other","control_group":"/system.slice/other.service","files":["/usr/lib64/libunowned.so.1"]}
  ],"unreadable":0})";
  ASSERT_EQ(scan(), rf::Status::kOk);
  const auto services = fake_.ofKind("service/1");
  ASSERT_EQ(services.size(), 2U);
  EXPECT_EQ(services[0].value("packages", ""), "gadget-libs");
  EXPECT_FALSE(services[1].contains("packages"));
}

TEST_F(RpmTree, wants_a_reboot_for_what_was_installed_since_the_start_and_is_used_only_after_one) {
  for (const auto* name : {"glibc", "kernel-core", "glibc-common"})
    outputOf({"sh", "-c", "exec rpm \"$@\" 2> /dev/null", "rpm", "--root", (root_ / "rpm").string(), "-i",
              "--nodeps", "--ignorearch", rpmFile({name, "2.39-1"}).string()},
             kEnvironment);
  ASSERT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(fake_.fact("reboot.required"), 1);
  EXPECT_EQ(fake_.fact("reboot.reasons"), "glibc") << "the images in /boot say of kernels which of them runs";
  std::filesystem::remove_all(root_ / "boot");
  ASSERT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(fake_.fact("reboot.reasons"), Json::array({"glibc", "kernel-core"}));
  // A container that was started after that, on a machine that was not.
  write("proc/1/stat", "1 (in) it) S 0 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 99999999999 1 2 3\n");
  ASSERT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(fake_.fact("reboot.required"), 0);
}

TEST(FirstProcess, began_as_long_after_its_machine_as_its_own_line_says) {
  EXPECT_GT(system::firstProcessAge("1 (in) it) S 0 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 500000 1 2"),
            0);
  for (const char* odd :
       {"", "1 (init", "1 (init) S 0 1", "1 (init) S 0 1 1 0 -1 4 1 2 3 4 5 6 7 8 20 0 1 0 x 1",
        "1 (init) S 0 1 1 0 -1 4 1 2 3 4 5 6 7 8 20 0 1 0 -7 1"})
    EXPECT_EQ(system::firstProcessAge(odd), 0) << odd;
}

TEST_F(SystemTree, asks_rpm_nothing_where_dpkg_has_lists) {
  fake_.local_answers["/outdated"] = R"({"processes":[
    {"pid":7,"command":"x","control_group":"/system.slice/x.service","files":["/usr/lib/libz.so.1.2.13"]}],"unreadable":0})";
  write("var/lib/dpkg/info/zlib1g:amd64.list", "/.\n/lib\n/lib/libz.so.1\n/lib/libz.so.1.3\n");
  fake_.exec = [](const std::vector<std::string>&) {
    ADD_FAILURE() << "something was started";
    return rf::ExecResult();
  };
  ASSERT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(fake_.ofKind("service/1").at(0).value("packages", ""), "zlib1g") << "by the link that stays";
}

TEST_F(SystemTree, takes_no_odd_answer_for_one) {
  for (const char* odd :
       {"[]", "{}", R"({"processes":[{"pid":1}],"unreadable":0})", R"({"processes":[],"unreadable":-1})"}) {
    fake_.local_answers["/outdated"] = odd;
    EXPECT_EQ(scan(), rf::Status::kOk) << odd << ": load and memory are told all the same";
    EXPECT_EQ(fake_.scopeStatus("services"), RF_INTERNAL) << odd;
    EXPECT_TRUE(fake_.reported("system.bad_answer"));
    EXPECT_TRUE(fake_.ofKind("service/1").empty());
  }
}

TEST_F(SystemTree, takes_services_that_are_told_of_for_no_whole_list_where_there_were_more_processes) {
  const auto answer = [](const char* is_cut) {
    return std::string(R"({"processes":[{"pid":7,"command":"x","control_group":"/system.slice/x.service",)") +
           R"("files":["/usr/lib/libz.so.1"]}],"unreadable":0,"is_cut":)" + is_cut + "}";
  };
  fake_.local_answers["/outdated"] = answer("false");
  ASSERT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(fake_.scopeStatus("services"), RF_OK);
  fake_.local_answers["/outdated"] = answer("true");
  ASSERT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(fake_.scopeStatus("services"), RF_LIMIT);
  EXPECT_TRUE(fake_.reported("system.too_many_processes"));
  EXPECT_EQ(fake_.ofKind("service/1").size(), 1U) << "what is known is told";
}

TEST_F(SystemTree, takes_services_that_nobody_could_look_at_for_no_ones_that_are_up_to_date) {
  ASSERT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(fake_.scopeStatus("services"), RF_NOT_APPLICABLE) << "no such scope: nobody was there";
  fake_.local_answers["/outdated"] = "";
  fake_.local_statuses["/outdated"] = 500;
  ASSERT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(fake_.scopeStatus("services"), RF_INTERNAL) << "what was known of them stays";
  EXPECT_TRUE(fake_.reported("system.processes_not_asked"));
}

TEST_F(SystemTree, leaves_no_service_out_for_what_its_processes_call_themselves) {
  fake_.local_answers["/outdated"] = R"({"processes":[
    {"pid":7,"command":"a\u001b[2J","control_group":"/system.slice/x.service",
     "files":["/usr/lib/libz.so.1","/usr/lib/\u001b"]}],"unreadable":0})";
  ASSERT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(fake_.ofKind("service/1").at(0).at("reason"),
            "a process still runs what was replaced: /usr/lib/libz.so.1");
  EXPECT_EQ(fake_.ofKind("service/1").at(0).at("scope"), "services");
  EXPECT_EQ(fake_.scopeStatus("services"), RF_OK);
}

TEST_F(SystemTree, asks_for_a_reboot_into_a_newer_kernel_of_the_same_flavour) {
  write("boot/vmlinuz-6.1.0-101-cloud-amd64", "");
  ASSERT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(fake_.fact("reboot.required"), 0);
  write("boot/vmlinuz-6.1.0-100-amd64", "");
  ASSERT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(fake_.fact("kernel.installed"), "6.1.0-100-amd64");
  EXPECT_EQ(fake_.fact("reboot.required"), 1);
  EXPECT_EQ(fake_.fact("reboot.reasons"), "kernel 6.1.0-100-amd64");
}

TEST_F(SystemTree, passes_on_what_packages_ask_for_each_once) {
  write("run/reboot-required", "*** System restart required ***\n");
  write("run/reboot-required.pkgs", "libc6\ndbus\nlibc6\n");
  ASSERT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(fake_.fact("reboot.required"), 1);
  EXPECT_EQ(fake_.fact("reboot.reasons"), Json::array({"libc6", "dbus"}));
}

TEST_F(SystemTree, knows_of_a_reboot_whose_reasons_cannot_be_read) {
  write("run/reboot-required", "*** System restart required ***\n");
  write("run/reboot-required.pkgs", std::string(2U << 20, 'x'));
  EXPECT_EQ(scan(), rf::Status::kOk) << "load and memory are told all the same";
  EXPECT_EQ(fake_.fact("reboot.required"), 1);
  EXPECT_EQ(fake_.fact("reboot.reasons"), nullptr);
}

TEST_F(SystemTree, claims_nothing_about_a_kernel_that_is_not_its_own) {
  write("proc/sys/kernel/osrelease", "5.4.0-host\n");
  ASSERT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(fake_.fact("kernel.installed"), nullptr);
  EXPECT_EQ(fake_.fact("reboot.required"), 0);
}

TEST_F(SystemTree, reports_pressure_where_the_kernel_measures_it) {
  ASSERT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(metric("pressure_waiting_percent"), nullptr);
  write("proc/pressure/io",
        "some avg10=1.50 avg60=0.00 avg300=0.00 total=7\nfull avg10=0.25 avg60=0 avg300=0 total=1\n");
  ASSERT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(metric("pressure_waiting_percent", "resource=io"), 1.5);
}

TEST_F(SystemTree, leaves_out_what_it_cannot_read_as_a_number) {
  write("proc/meminfo",
        "MemTotal: lots kB\nMemAvailable: 99999999999999999999 kB\nSwapTotal: 6666666666666241612 kB\n"
        "SwapFree: 1 kB\n");
  write("proc/loadavg", "nan inf 0x1\n");
  write("proc/uptime", "");
  ASSERT_EQ(scan(), rf::Status::kOk);
  EXPECT_EQ(fake_.fact("memory.total_bytes"), nullptr);
  EXPECT_EQ(metric("memory_available_bytes"), nullptr);
  EXPECT_EQ(metric("swap_used_bytes"), nullptr);
  EXPECT_EQ(metric("load_average_1m_ratio"), nullptr);
  EXPECT_EQ(metric("uptime_seconds"), nullptr);
}

TEST_F(SystemTree, fails_when_a_file_is_larger_than_it_can_be) {
  write("proc/meminfo", std::string(2U << 20, 'x'));
  EXPECT_EQ(scan(), rf::Status::kLimit);
  EXPECT_TRUE(fake_.reported("system.unreadable"));
}

TEST(KernelReleases, are_compared_within_a_flavour_only) {
  EXPECT_EQ(
      newestInstalled({"vmlinuz-6.1.0-37-amd64", "vmlinuz-6.1.0-40-rt-amd64", "vmlinuz-"}, "6.1.0-37-amd64"),
      "6.1.0-37-amd64");
  EXPECT_EQ(newestInstalled({"vmlinuz-5.15.0-91-generic", "vmlinuz-5.15.0-101-generic"}, "5.15.0-91-generic"),
            "5.15.0-101-generic");
  EXPECT_EQ(newestInstalled({"config-1"}, "6.1"), "");
  EXPECT_EQ(newestInstalled({"vmlinuz-5.14.0-427.13.1.el9_4.x86_64",
                             "vmlinuz-5.14.0-503.11.1.el9_5.x86_64+rt", "vmlinuz-6.12.0-1.el9.elrepo.x86_64"},
                            "5.14.0-427.13.1.el9_4.x86_64"),
            "5.14.0-427.13.1.el9_4.x86_64");
}

TEST(KernelReleases, of_a_distributions_next_release_are_of_the_same_flavour) {
  EXPECT_EQ(newestInstalled({"vmlinuz-5.14.0-427.13.1.el9_4.x86_64", "vmlinuz-5.14.0-503.11.1.el9_5.x86_64",
                             "vmlinuz-0-rescue-0f3a5e1c9b7d4c21a5d2f0e6b8c9d7a1"},
                            "5.14.0-427.13.1.el9_4.x86_64"),
            "5.14.0-503.11.1.el9_5.x86_64");
  EXPECT_EQ(newestInstalled({"vmlinuz-4.18.0-80.el8.x86_64", "vmlinuz-4.18.0-513.5.1.el8_9.x86_64"},
                            "4.18.0-80.el8.x86_64"),
            "4.18.0-513.5.1.el8_9.x86_64");
  EXPECT_EQ(newestInstalled({"vmlinuz-6.8.5-301.fc40.x86_64", "vmlinuz-6.11.4-301.fc41.x86_64"},
                            "6.8.5-301.fc40.x86_64"),
            "6.11.4-301.fc41.x86_64");
}

TEST(TextForms, read_quoted_os_release_values) {
  auto values = system::parseOsRelease("A=\"say \\\"hi\\\"\"\nB='x y'\nC=plain\n#D=1\nno equals\nE=\"");
  EXPECT_EQ(values["A"], "say \"hi\"");
  EXPECT_EQ(values["B"], "x y");
  EXPECT_EQ(values["C"], "plain");
  EXPECT_EQ(values["E"], "\"");
  EXPECT_EQ(values.count("D"), 0U);
}

}  // namespace
}  // namespace redflag::test
