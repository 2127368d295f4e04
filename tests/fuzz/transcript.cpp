// Everything a host says during one run: a scan's and an updater's, in pieces of any size.
#include "supervisor/transcript.h"

#include "fuzz.h"
#include "supervisor/scan_report.h"

namespace redflag::fuzz {
namespace {

kernel::RunRequest request(const std::string& operation) {
  kernel::RunRequest out;
  out.manifest.id = "p";
  out.manifest.version = "1.0";
  out.manifest.record_kinds = {"update/1", "fact/1"};
  out.operation = operation;
  out.limits.records = 50;
  out.limits.output_bytes = 32U << 10U;
  return out;
}

void listen(const kernel::RunRequest& asked, std::string_view bytes, std::size_t piece) {
  kernel::Transcript transcript(asked);
  bool broken = false;
  for (; !bytes.empty() && !broken && !transcript.done(); bytes.remove_prefix(std::min(piece, bytes.size())))
    broken = !transcript.feed(bytes.substr(0, piece)).has_value();
  kernel::ScanReport report;
  report.outcome = transcript.done() && !broken
                       ? transcript.finish()
                       : transcript.finishWithout(broken ? "broken_contract" : "crash",
                                                  kernel::RunClass::kCrash, "run.crash", "it ended");
  claim(transcript.done() || !report.outcome.complete, "only a host that said so is done");
  claim(report.outcome.records.size() <= asked.limits.records, "its rows are within the limit");
  claim(parseJson(kernel::scanItem(report), {.bytes = 8U << 20U, .depth = 16, .values = 100'000}).has_value(),
        "a scan is JSON, whatever the host said");
}

}  // namespace

REDFLAG_FUZZ(transcript) {
  static const auto kScan = request("scan");
  static const auto kPlan = request("plan");
  listen(kScan, input, input.size() + 1);
  listen(kScan, input, 7);
  listen(kPlan, input, 64);
}

}  // namespace redflag::fuzz
