// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;

namespace Hammer2.Cluster.Views;

/// <summary>Reads a view of a PFS, and ends that when the PFS is to be mounted or deleted.</summary>
public interface IPfsViewer
{
    /// <summary>Ends the view, after the operations that read it now. No operation begins meanwhile.</summary>
    /// <param name="isForced">True to end it although files or directories of it are open, which cannot be used any
    /// more then.</param>
    /// <param name="openers">Receives the processes that opened files or directories of it, when these keep it from
    /// ending.</param>
    /// <returns>False when it did not end.</returns>
    bool TryYield(bool isForced, ICollection<uint> openers);
}
