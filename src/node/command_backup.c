// SPDX-License-Identifier: EUPL-1.2
#include "node/command.h"
int command_backup(struct invocation *invocation) { return command_fail(invocation); }
int command_restore(struct invocation *invocation) { return command_fail(invocation); }
