// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Vnodes;

/// <summary>The extended attributes of an object as they were read.</summary>
/// <param name="AfterName">What was behind the name in its inode; null for the root directory.</param>
/// <param name="File">The file that has them; 0 for none.</param>
/// <param name="List">The list, checked.</param>
internal readonly record struct StoredAttributes(byte[]? AfterName, ulong File, byte[] List)
{
    /// <summary>The list.</summary>
    public AttributeList Open()
    {
        bool isValid = AttributeList.TryOpen(List, out AttributeList list);
        Invariant.Holds(isValid);
        return list;
    }
}

/// <summary>What a change of extended attributes changes beside them.</summary>
/// <param name="Mode">New permission bits, 0777; null for none.</param>
/// <param name="DropsSetGroupId">True to clear the set-group-id bit.</param>
/// <param name="IsOfContent">True when a change of content takes an attribute away, also where those of an append-only
/// file cannot be changed.</param>
/// <param name="NeedsFile">True to have the list in a file although it is short.</param>
internal readonly record struct AttributeEffect(
    uint? Mode = null, bool DropsSetGroupId = false, bool IsOfContent = false, bool NeedsFile = false);
