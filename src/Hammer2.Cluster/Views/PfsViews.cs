// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Concurrency;

namespace Hammer2.Cluster.Views;

/// <summary>
/// The views of PFSs that a process has open, and the PFSs of which there may be none because they are being mounted
/// or deleted. A view stays valid because neither happens while it is open.
/// </summary>
/// <remarks>Thread-safe; a leaf lock. Viewers are called without it.</remarks>
public sealed class PfsViews
{
    private readonly RankedLock _viewsLock = new(LockRank.PfsViews);
    private readonly List<(IReadOnlyList<PfsEntry> Members, IPfsViewer Viewer)> _views = [];
    private readonly List<IReadOnlyList<PfsEntry>> _claims = [];

    /// <summary>Number of open views.</summary>
    public int OpenTotal
    {
        get
        {
            using (_viewsLock.EnterScope()) return _views.Count;
        }
    }

    /// <summary>Claims a PFS: its views end, and none is opened until the claim ends.</summary>
    /// <param name="members">Its nodes.</param>
    /// <param name="isForced">As for <see cref="IPfsViewer.TryYield"/>.</param>
    /// <param name="openers">As for <see cref="IPfsViewer.TryYield"/>.</param>
    /// <returns>The claim, to be disposed of; null when a view did not end.</returns>
    public IDisposable? TryClaim(IReadOnlyList<PfsEntry> members, bool isForced, ICollection<uint> openers)
    {
        var viewers = new List<IPfsViewer>();
        using (_viewsLock.EnterScope())
        {
            _claims.Add(members);
            foreach ((IReadOnlyList<PfsEntry> viewed, IPfsViewer viewer) in _views)
                if (PfsOverlap.IsAny(viewed, members)) viewers.Add(viewer);
        }
        var claim = new Claim(this, members);
        bool isFree = true;
        foreach (IPfsViewer viewer in viewers) isFree &= viewer.TryYield(isForced, openers);
        if (isFree) return claim;
        claim.Dispose();
        return null;
    }

    /// <summary>Adds a view.</summary>
    /// <returns>False when the PFS is claimed.</returns>
    internal bool TryAdd(IReadOnlyList<PfsEntry> members, IPfsViewer viewer)
    {
        using (_viewsLock.EnterScope())
        {
            if (_claims.Exists(claimed => PfsOverlap.IsAny(claimed, members))) return false;
            _views.Add((members, viewer));
            return true;
        }
    }

    /// <summary>Removes a view.</summary>
    internal void Remove(IReadOnlyList<PfsEntry> members)
    {
        using (_viewsLock.EnterScope()) _ = _views.RemoveAll(view => ReferenceEquals(view.Members, members));
    }

    private void EndClaim(IReadOnlyList<PfsEntry> members)
    {
        using (_viewsLock.EnterScope())
        {
            int claim = _claims.FindIndex(one => ReferenceEquals(one, members));
            if (claim >= 0) _claims.RemoveAt(claim);
        }
    }

    private sealed class Claim(PfsViews views, IReadOnlyList<PfsEntry> members) : IDisposable
    {
        public void Dispose() => views.EndClaim(members);
    }
}
