#pragma once

namespace CLI {
class App;
}

namespace redflag::server {

// `redflag-server audit …`; `whole` becomes false where a log or a file is not.
void addAudit(CLI::App& app, bool& whole);

}  // namespace redflag::server
