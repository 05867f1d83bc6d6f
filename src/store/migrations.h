// How the store's schema came about, step by step. A step that has been released is never changed; a new one
// is added at the end. Plain SQL that SQLite and PostgreSQL both understand.
#pragma once

#include <span>

namespace archestra::store {

/// The steps in order; the number of each is its place, from 1 on.
std::span<const char* const> migrations();

}  // namespace archestra::store
