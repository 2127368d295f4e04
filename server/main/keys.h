#pragma once
// `redflag-server keys …`: the trust root's offline keys, in a folder of their own, on a machine that need
// not be the server.

namespace CLI {
class App;
}

namespace redflag::server {

void addKeys(CLI::App& app);

}  // namespace redflag::server
