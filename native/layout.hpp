// How a batch of activations lies in memory, with one member whose units fill the lanes, or as many members abreast.
//
// Alone: a column is LANES consecutive units of one member; a vector holds them for one row.
// Abreast: a column is one unit; a vector holds it for one row of LANES members of one shape.
// Either way a batch is columns x rows of vectors, and whatever is done unit by unit is the same code.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "products.hpp"
#include "vector.hpp"

namespace multilayer {

// Room for so many vectors, one of a thread's few such rooms; what was there before is lost.
template <class T, int ROOM>
Vec<T>* room(std::size_t vectors) {
    static thread_local std::vector<Vec<T>> kept;
    if (kept.size() < vectors) kept.resize(vectors);
    return kept.data();
}

template <class T, bool ABREAST>
struct Layout {
    static constexpr int MEMBERS = ABREAST ? LANES<T> : 1;

    static int columns(int units) { return ABREAST ? units : columns_of<T>(units); }
    // The numbers of a batch.
    static std::size_t size(int units, int rows) { return std::size_t(columns(units)) * rows * LANES<T>; }
    // How many numbers of a column's vector belong to units that exist.
    static int used(int column, int units) {
        return ABREAST ? LANES<T> : std::min(LANES<T>, units - column * LANES<T>);
    }
    // Groups of rows: LANES rows in the lanes of a vector, or one row of every member.
    static int groups(int rows) { return ABREAST ? rows : (rows + LANES<T> - 1) / LANES<T>; }
    static constexpr int ROWS_OF_GROUP = ABREAST ? 1 : LANES<T>;

    // A group as an array of `units` vectors, one for each unit. Lanes of rows that do not exist hold anything.
    static void load_group(const T* x, int rows, int group, int units, Vec<T>* to) {
        if constexpr (ABREAST) {
            for (int j = 0; j < units; ++j) to[j] = load<Vec<T>>(x + (std::ptrdiff_t(j) * rows + group) * LANES<T>);
        } else {
            for (int c = 0; c < columns_of<T>(units); ++c) {
                const T* from = x + (std::ptrdiff_t(c) * rows + std::ptrdiff_t(group) * LANES<T>) * LANES<T>;
                if (units == 1) {
                    T first[LANES<T>];
                    for (int i = 0; i < LANES<T>; ++i) first[i] = from[i * LANES<T>];
                    to[0] = load<Vec<T>>(first);
                } else {
                    transpose_block(from, LANES<T>, reinterpret_cast<T*>(to + c * LANES<T>), LANES<T>);
                }
            }
        }
    }

    // Back from such an array, which has room for whole columns.
    static void store_group(T* x, int rows, int group, int units, const Vec<T>* from) {
        if constexpr (ABREAST) {
            for (int j = 0; j < units; ++j) store(x + (std::ptrdiff_t(j) * rows + group) * LANES<T>, from[j]);
        } else {
            const int first = group * LANES<T>, count = std::min(LANES<T>, rows - first);
            for (int c = 0; c < columns_of<T>(units); ++c) {
                const T* block = reinterpret_cast<const T*>(from + c * LANES<T>);
                T* to = x + (std::ptrdiff_t(c) * rows + first) * LANES<T>;
                if (units == 1) {
                    for (int i = 0; i < count; ++i) to[i * LANES<T>] = block[i];
                } else {
                    Vec<T> row[LANES<T>];
                    transpose_block(block, LANES<T>, reinterpret_cast<T*>(row), LANES<T>);
                    for (int i = 0; i < count; ++i) store(to + i * LANES<T>, row[i]);
                }
            }
        }
    }

    // The room that a group of so many units takes.
    static std::size_t group_size(int units) { return std::size_t(columns_of<T>(units)) * LANES<T>; }
};

}  // namespace multilayer
