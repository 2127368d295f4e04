#include "validator/tape.h"

#include "host/text.h"

namespace redflag::validator {
namespace {

struct Collected {
  std::vector<std::string> pieces;
  static rf_status write(void* data, rf_str bytes) {
    static_cast<Collected*>(data)->pieces.emplace_back(host::viewOf(bytes));
    return RF_OK;
  }
  rf_sink sink() { return {this, &write}; }
};

rf_status pour(const std::vector<std::string>& pieces, rf_sink sink) {
  for (const auto& piece : pieces) {
    if (const rf_status status = sink.write(sink.sink_data, host::rfStr(piece)); status != RF_OK)
      return status;
  }
  return RF_OK;
}

std::vector<std::string> wordsOf(const rf_str* argv, std::uint64_t argc) {
  std::vector<std::string> out;
  for (std::uint64_t i = 0; i < argc; ++i)
    out.emplace_back(host::viewOf(argv[i]));
  return out;
}

class Recorder : public Tape {
 public:
  Recorder(const rf_host* real, Recording& into)
      : Tape(real),
        file_(static_cast<const rf_file_1*>(realService(RF_FILE_1))),
        exec_(static_cast<const rf_exec_1*>(realService(RF_EXEC_1))),
        into_(into) {}

 private:
  ServiceCall answer(ServiceCall call, std::uint64_t max_bytes, const rf_exec_options* options) override {
    Collected out;
    Collected err;
    const rf_str first = host::rfStr(call.arguments.empty() ? std::string_view() : call.arguments[0]);
    if (call.what == "file.read") call.status = file_->read(file_, first, max_bytes, out.sink());
    if (call.what == "file.list") call.status = file_->list(file_, first, out.sink());
    if (call.what == "file.info") {
      rf_file_info info{};
      info.struct_size = sizeof(info);
      call.status = file_->info(file_, first, &info);
      call.number = static_cast<std::int64_t>(info.size_bytes);
      call.flag = info.is_directory != 0;
    }
    if (call.what == "exec.run") {
      std::vector<rf_str> argv;
      for (const auto& word : call.arguments)
        argv.push_back(host::rfStr(word));
      std::int32_t code = 0;
      call.status = exec_->run(exec_, argv.data(), argv.size(), options, out.sink(), err.sink(), &code);
      call.number = code;
    }
    call.out = std::move(out.pieces);
    call.err = std::move(err.pieces);
    into_.calls.push_back(call);
    return call;
  }

  const rf_file_1* file_;
  const rf_exec_1* exec_;
  Recording& into_;
};

class Player : public Tape {
 public:
  Player(const rf_host* real, const Recording& from, Mutator mutator)
      : Tape(real), from_(from), mutator_(mutator) {}

 private:
  // The next such call after the last one; a plugin that was led astray may ask again, or for other things.
  const ServiceCall* find(const ServiceCall& asked) {
    for (std::size_t i = 0; i < from_.calls.size(); ++i) {
      const auto& call = from_.calls[(next_ + i) % from_.calls.size()];
      if (!call.isSame(asked.what, asked.arguments)) continue;
      next_ = next_ + i + 1;
      return &call;
    }
    return nullptr;
  }
  ServiceCall answer(ServiceCall asked, std::uint64_t max_bytes, const rf_exec_options*) override {
    const auto* known = find(asked);
    if (known == nullptr) {
      asked.status = RF_NOT_APPLICABLE;
      return asked;
    }
    ServiceCall changed = *known;
    mutator_.change(changed);
    std::uint64_t size = 0;
    for (const auto& piece : changed.out)
      size += piece.size();
    if (changed.what == "file.read" && size > max_bytes) changed.status = RF_LIMIT;
    return changed;
  }

  const Recording& from_;
  Mutator mutator_;
  std::size_t next_ = 0;
};

}  // namespace

std::unique_ptr<Tape> Tape::record(const rf_host* real, Recording& into) {
  return std::make_unique<Recorder>(real, into);
}

std::unique_ptr<Tape> Tape::play(const rf_host* real, const Recording& from, Mutator mutator) {
  return std::make_unique<Player>(real, from, mutator);
}

Tape::Tape(const rf_host* real) : real_(real) {
  host_ = {sizeof(rf_host), RF_ABI_MINOR, 0, this, &find};
  file_ = {sizeof(rf_file_1), this,
           [](const rf_file_1* t, rf_str path, std::uint64_t max_bytes, rf_sink content) {
             ServiceCall answered;
             return selfOf(t).call({"file.read", {std::string(host::viewOf(path))}}, max_bytes, nullptr,
                                   content, {}, answered);
           },
           [](const rf_file_1* t, rf_str path, rf_file_info* out) {
             ServiceCall answered;
             const rf_status status = selfOf(t).call({"file.info", {std::string(host::viewOf(path))}}, 0,
                                                     nullptr, {}, {}, answered);
             out->size_bytes = static_cast<std::uint64_t>(answered.number);
             out->is_directory = answered.flag ? 1 : 0;
             return status;
           },
           [](const rf_file_1* t, rf_str path, rf_sink names) {
             ServiceCall answered;
             return selfOf(t).call({"file.list", {std::string(host::viewOf(path))}}, 0, nullptr, names, {},
                                   answered);
           }};
  exec_ = {sizeof(rf_exec_1), this,
           [](const rf_exec_1* t, const rf_str* argv, std::uint64_t argc, const rf_exec_options* options,
              rf_sink out, rf_sink err, std::int32_t* exit_code) {
             ServiceCall answered;
             const rf_status status =
                 selfOf(t).call({"exec.run", wordsOf(argv, argc)}, 0, options, out, err, answered);
             *exit_code = static_cast<std::int32_t>(answered.number);
             return status;
           }};
}

const void* Tape::realService(const char* id) const {
  return real_->service(real_, host::rfStr(id));
}

rf_status Tape::call(ServiceCall asked, std::uint64_t max_bytes, const rf_exec_options* options, rf_sink out,
                     rf_sink err, ServiceCall& answered) {
  {
    const std::lock_guard lock(mutex_);
    answered = answer(std::move(asked), max_bytes, options);
  }
  if (out.write != nullptr && answered.status != RF_LIMIT) {
    if (const rf_status status = pour(answered.out, out); status != RF_OK) return status;
  }
  if (err.write != nullptr) {
    if (const rf_status status = pour(answered.err, err); status != RF_OK) return status;
  }
  return answered.status;
}

const void* Tape::find(const rf_host* table, rf_str id) {
  const auto& self = *static_cast<const Tape*>(table->host_data);
  const auto name = host::viewOf(id);
  if (name == RF_FILE_1) return &self.file_;
  if (name == RF_EXEC_1) return &self.exec_;
  return self.real_->service(self.real_, id);
}

}  // namespace redflag::validator
