// redflag-kernel: what of redflag-agent talks to the server. Started by redflag-agent.
#include "agent/command_line.h"

int main(int argc, char** argv) {
  using namespace redflag::kernel;
  return runCommandLine(argc, argv, {addRun, addEnroll, addTuf});
}
