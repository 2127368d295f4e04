#pragma once
// The listening socket. Accepts without waiting; when descriptors run out it turns one visitor away with the
// descriptor it keeps in reserve, tells of it, and rests, instead of being woken by the same visitor for
// ever.

#include <functional>
#include <memory>
#include <string>

#include "http/lot.h"

namespace redflag::http {

class Listener : public Doorman {
 public:
  using Accepted = std::function<void(int fd, std::string peer)>;  // owns the descriptor
  using TurnedAway = std::function<void(const std::string& peer)>;

  // "127.0.0.1:8443", "[::]:8443"; port 0 picks one. Throws std::runtime_error with the address in its text.
  Listener(const std::string& address, Accepted accepted, TurnedAway turned_away);
  ~Listener() override;
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  int fd() const override { return fd_; }
  std::optional<std::int64_t> open() override;
  void close() override;
  std::uint16_t port() const { return port_; }

 private:
  void turnAway();

  Accepted accepted_;
  TurnedAway turned_away_;
  int fd_ = -1;
  int reserve_ = -1;
  std::uint16_t port_ = 0;
  std::int64_t complained_ns_ = 0;
};

}  // namespace redflag::http
