// load/commands.h: what tl_load does, one function a command. Each prints one line of JSON or ends the program.
#pragma once

#include "load/client.h"
#include "load/options.h"

namespace tideline::load {

void run_produce(const Options& options);
void run_commit(const Options& options);
void run_fetch(const Options& options);
void run_transactions(const Options& options);
void run_first_ack(const Options& options);

}  // namespace tideline::load
