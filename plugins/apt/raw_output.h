#pragma once
// What child processes write to standard output and error, line by line, while it exists.

#include <array>
#include <functional>
#include <string>
#include <thread>

namespace redflag::apt {

// Puts a pipe in place of descriptors 1 and 2 and reads it in a thread of its own. Undone in the destructor,
// which takes what was written so far and does not wait for a daemon that kept the pipe. Carriage returns end
// lines as well: progress bars write them. One at a time.
class RawOutput {
 public:
  explicit RawOutput(std::function<void(const std::string&)> line);
  ~RawOutput();
  RawOutput(const RawOutput&) = delete;
  RawOutput& operator=(const RawOutput&) = delete;

 private:
  void read();
  bool readOnce();  // false: nothing more for now, or for ever
  void take(const char* bytes, std::size_t count);
  void endLine();

  std::function<void(const std::string&)> line_;
  std::string pending_;
  bool rewinds_ = false;  // the next byte starts the line anew
  std::array<int, 2> saved_{-1, -1};
  std::array<int, 2> output_{-1, -1};  // read end, write end
  std::array<int, 2> stop_{-1, -1};    // a byte in it ends the thread
  std::thread reader_;
};

}  // namespace redflag::apt
