// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Format;

/// <summary>What a change needs space for.</summary>
public enum SpaceUse
{
    /// <summary>Adding: refused when what is left is needed for removing.</summary>
    Add,

    /// <summary>Removing or changing what is there: may use the reserve, since copy-on-write allocates space
    /// before it frees any.</summary>
    Remove,
}
