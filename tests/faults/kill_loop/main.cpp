// redflag-kill-loop FILE|postgresql://… KILLS SEED: E4 for the store alone, and so often.
//
// A child writes and tells each acknowledged write through a pipe; the parent kills it at some moment, again
// and again. The parent is the client: its journal of what was acknowledged judges the database afterwards.
//   lost       acknowledged, and not there
//   twice      a counter's row added twice, or a history entry's number used twice
//   torn       half of a write that has two parts
// Prints one JSON document; exit code 1 if anything is wrong.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iostream>
#include <random>
#include <thread>
#include <unordered_set>
#include <vector>

#include "base/encoding.h"
#include "base/json.h"
#include "http/message.h"
#include "store/events.h"
#include "store/open.h"
#include "store/scans.h"

namespace redflag {
namespace {

constexpr int kWriters = 2;
constexpr std::size_t kIdBytes = 26;
constexpr int kLongestLife_ms = 20;
constexpr std::size_t kPage = 500;

store::AgentKey agentOf(int writer) {
  return {"agent-" + std::to_string(writer), "client", "site", ""};
}

// One write of two parts: an item and the entry that names it.
void writeOne(store::Store& store, const store::AgentKey& agent, const std::string& id) {
  store.write([&](store::WriteTransaction& tx) {
    if (!tx.scans().takeItem(agent, id, 1)) throw http::Problem{409, "taken", id};
    store::HistoryEntry entry;
    entry.at = 1;
    entry.kind = "item";
    entry.severity = "info";
    entry.scan_id = id;
    tx.events().record(agent.client_id, agent.agent_id, entry);
  });
}

// The database may be coming back from a crash of its own.
std::unique_ptr<store::Store> openPatiently(const store::Database& database) {
  for (;;) {
    try {
      return store::openStore(database);
    } catch (const http::Problem& problem) {
      if (problem.status != 503) throw;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }
}

// Never returns. Several threads, so that writes share commits; a pipe's small writes are whole.
[[noreturn]] void live(const store::Database& database, int journal) {
  const auto store = openPatiently(database);
  std::vector<std::jthread> threads;
  for (int writer = 0; writer < kWriters; ++writer) {
    threads.emplace_back([&, writer] {
      for (;;) {
        const std::string id = newId();
        try {
          writeOne(*store, agentOf(writer), id);
        } catch (const http::Problem& problem) {
          if (problem.status == 503) continue;  // nobody was told anything
          ::_exit(1);
        }
        const std::string line = static_cast<char>('0' + writer) + id;
        if (::write(journal, line.data(), line.size()) != static_cast<ssize_t>(line.size())) ::_exit(1);
      }
    });
  }
  for (;;)
    ::pause();
}

struct Journal {
  std::array<std::vector<std::string>, kWriters> acknowledged;
  bool take(int fd) {
    std::array<char, kIdBytes + 1> line;
    if (::read(fd, line.data(), line.size()) != static_cast<ssize_t>(line.size())) return false;
    acknowledged.at(static_cast<std::size_t>(line[0] - '0')).emplace_back(line.data() + 1, kIdBytes);
    return true;
  }
};

// False when the child could not even begin.
bool lifeAndDeath(const store::Database& database, Journal& journal, std::mt19937& random) {
  std::array<int, 2> ends;
  if (::pipe(ends.data()) != 0) return false;
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    live(database, ends[1]);
  }
  ::close(ends[1]);
  const bool begun = journal.take(ends[0]);
  std::this_thread::sleep_for(std::chrono::microseconds(random() % (kLongestLife_ms * 1000)));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  while (journal.take(ends[0]))
    continue;
  ::close(ends[0]);
  return begun;
}

std::vector<store::HistoryEntry> entriesOf(const store::Store& store, const store::AgentKey& agent) {
  std::vector<store::HistoryEntry> all;
  store::PageRequest page{kPage, ""};
  do {
    auto part = store.read([&](const store::ReadTransaction& tx) {
      return tx.events().history(agent.client_id, agent.agent_id, page);
    });
    all.insert(all.end(), part.items.begin(), part.items.end());
    page.cursor = part.next_cursor;
  } while (!page.cursor.empty());
  return all;
}

struct Verdict {
  std::size_t acknowledged = 0;
  std::size_t stored = 0;
  std::size_t lost = 0;
  std::size_t twice = 0;
  std::size_t torn = 0;
};

// Of a judgement that left nothing behind.
struct Undone {
  std::size_t torn;
};

Verdict judgeOnce(const store::Database& database, const Journal& journal) {
  const auto store = openPatiently(database);  // an SQLite file is checked page by page
  Verdict verdict;
  for (int writer = 0; writer < kWriters; ++writer) {
    const auto agent = agentOf(writer);
    std::unordered_set<std::string> there;
    std::int64_t expected = 0;
    for (const auto& entry : entriesOf(*store, agent)) {
      if (expected != 0 && entry.seq != expected) ++verdict.torn;  // numbers have no gaps
      expected = entry.seq - 1;
      if (!there.insert(entry.scan_id).second) ++verdict.twice;
    }
    // The other part: an item that was taken cannot be taken again.
    try {
      store->write([&](store::WriteTransaction& tx) {
        throw Undone{static_cast<std::size_t>(std::count_if(
            there.begin(), there.end(), [&](const auto& id) { return tx.scans().takeItem(agent, id, 1); }))};
      });
    } catch (const Undone& undone) {
      verdict.torn += undone.torn;
    }
    verdict.stored += there.size();
    const auto& told = journal.acknowledged.at(static_cast<std::size_t>(writer));
    verdict.acknowledged += told.size();
    for (const auto& id : told)
      if (!there.contains(id)) ++verdict.lost;
  }
  return verdict;
}

// The database may crash while it is judged; then it is judged anew.
Verdict judge(const store::Database& database, const Journal& journal) {
  for (;;) {
    try {
      return judgeOnce(database, journal);
    } catch (const http::Problem& problem) {
      if (problem.status != 503) throw;
    }
  }
}

}  // namespace
}  // namespace redflag

int main(int argc, char** argv) {
  using namespace redflag;
  if (argc != 4 || !initCrypto()) return 2;
  const std::string where = argv[1];
  const bool url = where.starts_with("postgresql://");
  const store::Database database{url ? "" : where, url ? where : ""};
  const int kills = std::atoi(argv[2]);
  std::mt19937 random(static_cast<std::uint32_t>(std::strtoul(argv[3], nullptr, 10)));
  openPatiently(database);
  Journal journal;
  for (int i = 0; i < kills; ++i) {
    if (!lifeAndDeath(database, journal, random)) {
      std::cerr << "after " << i << " kills the store could not be opened and written to\n";
      return 1;
    }
  }
  const auto verdict = judge(database, journal);
  std::cout << dumpJson({{"kills", kills},
                         {"acknowledged", verdict.acknowledged},
                         {"stored", verdict.stored},
                         {"lost", verdict.lost},
                         {"twice", verdict.twice},
                         {"torn", verdict.torn}})
            << '\n';
  return verdict.lost + verdict.twice + verdict.torn == 0 ? 0 : 1;
}
