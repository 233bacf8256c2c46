// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;

namespace Hammer2.Admin;

/// <summary>Something that concerns inodes, whose paths are wanted.</summary>
internal interface IPathSubject
{
    /// <summary>The numbers of these inodes.</summary>
    KeyRange Inums { get; }

    /// <summary>Receives paths from the root of the PFS, and how many there are, listed or not.</summary>
    void SetPaths(IReadOnlyList<byte[]> paths, long total);
}
