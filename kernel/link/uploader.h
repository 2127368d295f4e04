#pragma once
// Takes the oldest items of the spool to the server, and exactly those out of it that the server acknowledged
// or will never take. An item that is too long for one upload goes in parts of its text, one an upload; the
// server says which it wants next, so that nothing about them is kept here. Threads: one owner.

#include <cstdint>
#include <string>
#include <vector>

#include "link/server_api.h"
#include "spool/spool.h"

namespace redflag::kernel {

class Uploader {
 public:
  explicit Uploader(Spool& spool) : spool_(spool) {}

  // One batch, fewer items if the server wants smaller ones. How many items left the spool; 0: it is empty.
  Answer<std::size_t> step(ServerApi& api);

  struct Rejection {
    std::string id;
    std::string kind;
    std::string code;
    std::string text;
  };
  // Items the server refused for good since the last call; each was logged and has left the spool.
  std::vector<Rejection> takeRejections();

 private:
  Answer<std::size_t> settle(const std::vector<SpoolItem>& batch, const UploadAnswer& answer);
  Answer<std::size_t> shrink(ServerApi& api, const std::vector<SpoolItem>& batch, const Failure& failure);
  Answer<std::size_t> drop(const SpoolItem& item, const Failure& failure);
  Answer<std::size_t> stepInParts(ServerApi& api, const SpoolItem& item);
  void reject(const SpoolItem& item, const std::string& code, const std::string& text);

  Spool& spool_;
  std::size_t most_items_ = 64;
  std::string in_parts_;       // the item that is on its way in parts
  std::size_t next_part_ = 0;  // of it: what the server asked for last
  std::vector<Rejection> rejections_;
};

}  // namespace redflag::kernel
