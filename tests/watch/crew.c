// SPDX-License-Identifier: EUPL-1.2
#include "tests/watch/lane.h"
