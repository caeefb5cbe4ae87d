// simulation/cast.h: the clients of one simulation: who they are and how many, drawn.
//
// Shard:  that of the clients, which the scope is of. Borrows all it is given.
#pragma once

#include "simulation/simulation.h"
#include "simulation/stage.h"

namespace tideline::simulation {

class Cast {
public:
    Cast(Stage& stage, runtime::TaskScope& scope, runtime::Random& random) : stage_(stage), scope_(scope), random_(random) {}

    // Topics, producers, consumers and an administrator.
    void enter_records();
    // Members of groups, who own partitions of these topics.
    void enter_groups();
    // Feeders, copiers and readers.
    void enter_transactions();
    // Those of a fair day.
    void enter_day(const SimulationOptions::PowerCut& day);

private:
    void enter_readers();

    Stage& stage_;
    runtime::TaskScope& scope_;
    runtime::Random& random_;
};

}  // namespace tideline::simulation
