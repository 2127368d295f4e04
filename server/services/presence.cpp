#include "services/presence.h"

#include <utility>
#include <vector>

#include "base/encoding.h"
#include "base/log.h"
#include "store/events.h"

namespace redflag::services {
namespace {

constexpr std::int64_t kWriteEveryNs = 30 * kSecondNs;
constexpr std::int64_t kNoteAgainEveryNs = 30 * kSecondNs;
constexpr std::size_t kNotedTogether = 128;
constexpr int kBatchesForOthers = 4;  // then the next one who comes goes on: a request waits for its answer
constexpr std::size_t kNotedAtOnce = 1'000;  // what else is to be done waits for seconds, and so does a stop
constexpr int kToldAtOnce = 1'000;
constexpr std::int64_t kRenewEveryNs = 30 * kSecondNs;
constexpr std::int64_t kGoneAfterNs = 120 * kSecondNs;  // a round of the upkeep may take long
// One owner for all servers: two that noted the same agents, in whatever order, would wait for each other.
constexpr const char* kOwner = "presence";

}  // namespace

Presence::Presence(const Context& context) : context_(context), server_id_(newId()) {}

void Presence::begin(bool alone) {
  const std::int64_t now = context_.now();
  context_.store.write([&](store::WriteTransaction& tx) {
    if (alone) {
      for (const auto& before : tx.agents().servers())
        tx.agents().forgetServer(before);
    }
    tx.agents().renewServer({server_id_, now});
    tx.agents().clearStrayDoorbells();
    tx.agents().seenByNow(now);
  });
  alone_ = alone;
  begun_ = renewed_ = context_.clock.monotonicNs();
}

void Presence::agentConnected(const std::string& agent_id) {
  const std::int64_t now = context_.now();
  note(agent_id, Note::kConnected);
  const std::lock_guard lock(mutex_);
  written_at_[agent_id] = now;
}

// What became of the note may be unknown, and it may be on its way still.
void Presence::agentRefused(const std::string& agent_id) {
  const std::lock_guard lock(mutex_);
  add(agent_id, Note::kLeft);
}

void Presence::agentDisconnected(const std::string& agent_id) {
  note(agent_id, Note::kLeft);
}

// Many come and go at once after a loss of power or of the line. One of them writes for all that have
// something to note meanwhile, and nobody waits for it: there are few workers, and who comes back needs them.
void Presence::note(const std::string& agent_id, Note note) {
  Lock lock(mutex_);
  add(agent_id, note);
  if (writing_) return;
  while (notes_.contains(agent_id))
    writeBatch(lock);
  for (int more = kBatchesForOthers; more > 0 && !notes_.empty(); --more)
    writeBatch(lock);
}

// With the lock held, as all of these up to write().
void Presence::add(const std::string& agent_id, Note note) {
  Noted& noted = notes_.try_emplace(agent_id, Noted{note}).first->second;
  if (note != Note::kSeen) noted.note = note;
  noted.heard = noted.heard || note == Note::kSeen;
}

// There is something to be noted, and nobody writes. Without the lock meanwhile.
void Presence::writeBatch(Lock& lock) {
  while (!notes_.empty() && batch_.size() < kNotedTogether)
    batch_.insert(notes_.extract(notes_.begin()));
  writing_ = true;
  lock.unlock();
  try {
    write(batch_);
  } catch (...) {
    lock.lock();
    putBack();
    endBatch();
    throw;
  }
  lock.lock();
  endBatch();
}

void Presence::endBatch() {
  batch_.clear();
  writing_ = false;
  written_.notify_all();
}

void Presence::putBack() {
  for (const auto& [agent_id, failed] : batch_) {
    const auto [entry, fresh] = notes_.try_emplace(agent_id, failed);
    Noted& noted = entry->second;
    if (!fresh && noted.note == Note::kSeen) noted.note = failed.note;
    noted.heard = noted.heard || failed.heard;
  }
}

// These rows belong to their agents. Each statement looks and writes in one, and nobody who writes beside it
// looks at these columns first.
void Presence::write(const Notes& notes) {
  std::map<Note, std::vector<std::string>> by_note;
  for (const auto& [agent_id, noted] : notes) {
    if (noted.heard && noted.note == Note::kLeft) by_note[Note::kSeen].push_back(agent_id);
    by_note[noted.note].push_back(agent_id);
  }
  const std::int64_t now = context_.now();
  context_.store.writeOf(kOwner, [&](store::WriteTransaction& tx) {
    for (const auto& [note, agent_ids] : by_note) {
      if (note == Note::kSeen) {
        tx.agents().touchAll(agent_ids, now);
        continue;
      }
      const bool connected = note == Note::kConnected;
      for (const auto& agent : tx.agents().setDoorbells(agent_ids, server_id_, connected, now))
        tx.events().publish(agent.client_id, "agent", {{"agent_id", agent.agent_id}}, now);
    }
  });
}

void Presence::writeAll() {
  Lock lock(mutex_);
  written_.wait(lock, [this] { return !writing_; });
  while (!notes_.empty())
    writeBatch(lock);
}

void Presence::end() {
  writeAll();
}

void Presence::renew() {
  if (alone_) return;  // nobody is there to whom it would have to be said
  const std::int64_t now = context_.clock.monotonicNs();
  if (renewed_ && now - *renewed_ < kRenewEveryNs) return;
  const bool known = context_.store.write([this](store::WriteTransaction& tx) {
    return tx.agents().renewServer({server_id_, context_.now()});
  });
  renewed_ = now;
  watchOthers(now);
  if (known) return;
  const std::lock_guard lock(mutex_);
  noted_again_at_ = 0;  // others took this one for gone, with all that is connected here
}

// Whether they go on is what counts, and not what time it is there: clocks differ.
void Presence::watchOthers(std::int64_t now) {
  const auto servers =
      context_.store.read([](const store::ReadTransaction& tx) { return tx.agents().servers(); });
  std::map<std::string, Watched> watched;
  std::vector<store::LivingServer> gone;
  for (const auto& server : servers) {
    if (server.server_id == server_id_) continue;
    const auto before = watched_.find(server.server_id);
    const bool same = before != watched_.end() && before->second.renewed_at == server.renewed_at;
    const std::int64_t since = same ? before->second.since : now;
    watched[server.server_id] = {server.renewed_at, since};
    if (now - since >= kGoneAfterNs) gone.push_back(server);
  }
  watched_ = std::move(watched);
  for (const auto& server : gone) {
    spdlog::info("server_id={} is there no more: what it held is nobody's", server.server_id);
    context_.store.write([&](store::WriteTransaction& tx) {
      tx.agents().forgetServer(server);
      tx.agents().seenByNow(context_.now());  // its clock may have been ahead
    });
  }
}

// An agent may have doorbells at two servers for a while, of which the newer one ends first; and the others
// may have taken this server for gone. Whoever holds the doorbell knows better.
void Presence::noteAgain() {
  const std::int64_t now = context_.now();
  {
    const std::lock_guard lock(mutex_);
    if (now - noted_again_at_ < kNoteAgainEveryNs && now >= noted_again_at_) return;
    noted_again_at_ = now;
  }
  const auto here = context_.bell.connectedAgents();
  if (here.empty()) return;
  const auto without =
      context_.store.read([](const store::ReadTransaction& tx) { return tx.agents().withoutDoorbell(); });
  std::size_t noted = 0;
  for (const std::string& agent_id : here) {
    if (!without.contains(agent_id)) continue;
    if (++noted > kNotedAtOnce) break;
    addIfHere(agent_id);
  }
  writeAll();
  if (noted <= kNotedAtOnce) return;
  const std::lock_guard lock(mutex_);
  noted_again_at_ = 0;  // the next time goes on
}

// In one: that it has left is said after it counts as gone there.
void Presence::addIfHere(const std::string& agent_id) {
  const std::lock_guard lock(mutex_);
  if (context_.bell.connected(agent_id)) notes_[agent_id] = {Note::kConnected};
}

void Presence::seen(const std::string& agent_id) {
  const std::int64_t now = context_.now();
  {
    const std::lock_guard lock(mutex_);
    std::int64_t& written = written_at_[agent_id];
    if (now - written < kWriteEveryNs && now >= written) return;
    written = now;
  }
  note(agent_id, Note::kSeen);
}

// Nobody else would be silent until the time that a clock told which was ahead.
void Presence::followBack() {
  const std::int64_t now = context_.now();
  if (now < looked_at_)
    context_.store.write([&](store::WriteTransaction& tx) { tx.agents().seenByNow(now); });
  looked_at_ = now;
}

void Presence::announceSilent() {
  writeAll();
  renew();
  noteAgain();
  followBack();
  // Whom no server was there for has as long to come back as everybody else has.
  if (begun_ && context_.clock.monotonicNs() - *begun_ < context_.settings.silent_after_ns) return;
  const std::int64_t now = context_.now();
  const std::int64_t until = now - context_.settings.silent_after_ns;
  if (!context_.store.read(
          [&](const store::ReadTransaction& tx) { return tx.agents().hasUntoldSilence(until); }))
    return;
  context_.store.write([&](store::WriteTransaction& tx) {
    for (const auto& agent : tx.agents().takeUntoldSilence(until, kToldAtOnce)) {
      store::HistoryEntry entry;
      entry.at = now;
      entry.subsystem = "agent";
      entry.actor = "server";
      entry.kind = entry.code = "agent.silent";
      entry.text = "no word from this agent any more";
      entry.severity = "warning";
      tx.events().record(agent.client_id, agent.agent_id, entry);
      tx.events().publish(agent.client_id, "agent", {{"agent_id", agent.agent_id}}, now);
    }
  });
}

}  // namespace redflag::services
