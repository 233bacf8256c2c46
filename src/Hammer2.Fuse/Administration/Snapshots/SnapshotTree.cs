// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Concurrency;
using Fuse.Protocol;
using Hammer2.Cluster.Views;
using Hammer2.Format;
using Hammer2.Vnodes;

namespace Hammer2.Fuse.Administration.Snapshots;

/// <summary>
/// One snapshot as a mount shows it: opened when an operation needs it, and closed when the kernel has forgotten it,
/// when others are needed more, or when it is to be mounted or deleted. Opened again, it has the same content, or its
/// nodes are stale for good.
/// </summary>
/// <remarks>A leaf lock guards the state; opening and waiting happen without it.</remarks>
internal sealed class SnapshotTree : IPfsViewer
{
    private readonly SnapshotOpening _open;
    private readonly SnapshotServing _serve;
    private readonly RankedMonitor _useLock = new(LockRank.SnapshotTree);   // guards the fields below; pulsed
    private readonly Dictionary<ulong, uint> _openers = [];                 // open files and directories, by handle
    private State _state;
    private PfsView? _view;
    private PfsViewIdentity? _identity;
    private IFuseFileSystem? _fileSystem;
    private ulong _lastHandle;
    private long _references;
    private int _operations;
    private volatile bool _isStale;
    private bool _isRetired;

    /// <summary>A snapshot that is closed.</summary>
    /// <param name="label">Its label.</param>
    /// <param name="rootInum">Inode number of the directory that is shown with all below it.</param>
    /// <param name="open">Opens it.</param>
    /// <param name="serve">Makes the filesystem that shows it.</param>
    public SnapshotTree(byte[] label, ulong rootInum, SnapshotOpening open, SnapshotServing serve)
    {
        Label = label;
        RootInum = rootInum;
        _open = open;
        _serve = serve;
    }

    private enum State
    {
        Closed,
        Opening,
        Open,
        Closing,
    }

    /// <summary>Its label.</summary>
    public byte[] Label { get; }

    /// <summary>The directory that is shown with all below it: the root directory, or another one by itself, which the
    /// kernel takes for another directory than the same one below the root.</summary>
    public ulong RootInum { get; }

    /// <summary>Its number in the mount, from 1 on; 0 before it has one.</summary>
    public int Number { get; set; }

    /// <summary>When it was last used, in uses of all snapshots.</summary>
    public long LastUse { get; set; }

    /// <summary>True when it does not exist any more, or has another content.</summary>
    public bool IsStale => _isStale;

    /// <summary>True while it is open.</summary>
    public bool IsOpen
    {
        get
        {
            using (_useLock.EnterScope()) return _state == State.Open;
        }
    }

    /// <summary>Begins an operation, which ends with <see cref="Leave"/>.</summary>
    /// <param name="fileSystem">Shows the snapshot, with inode numbers as node ids.</param>
    /// <returns>0; ESTALE; ENOENT for one that was never opened; EBUSY; EIO.</returns>
    public int Enter(out IFuseFileSystem? fileSystem)
    {
        using (_useLock.EnterScope())
        {
            while (_state is State.Opening or State.Closing) _useLock.Wait();
            fileSystem = _fileSystem;
            if (_isStale) return FuseErrno.ESTALE;
            if (_state == State.Open)
            {
                _operations++;
                return FuseErrno.None;
            }
            _state = State.Opening;
        }
        return OpenAndEnter(out fileSystem);
    }

    /// <summary>Ends an operation.</summary>
    public void Leave()
    {
        using (_useLock.EnterScope())
        {
            _operations--;
            _useLock.PulseAll();
        }
    }

    /// <summary>Notes an open file or directory.</summary>
    /// <param name="process">The process that opened it.</param>
    /// <returns>Its handle.</returns>
    public ulong AddHandle(uint process)
    {
        using (_useLock.EnterScope())
        {
            _openers.Add(++_lastHandle, process);
            return _lastHandle;
        }
    }

    /// <summary>Notes that it was closed.</summary>
    public void RemoveHandle(ulong handle)
    {
        using (_useLock.EnterScope()) _ = _openers.Remove(handle);
    }

    /// <summary>Notes references of the kernel to nodes.</summary>
    public void AddReferences(int references)
    {
        using (_useLock.EnterScope()) _references += references;
    }

    /// <summary>Drops references of the kernel to a node, and closes the snapshot with the last one.</summary>
    /// <returns>True for the last one.</returns>
    public bool Forget(ulong inum, ulong references)
    {
        IFuseFileSystem? shown;
        bool isLast;
        using (_useLock.EnterScope())
        {
            shown = _state == State.Open ? _fileSystem : null;
            _references -= (long)references;
            isLast = _references <= 0;
        }
        shown?.Forget(inum, references);
        if (isLast) _ = TryYield(isForced: false, []);
        return isLast;
    }

    /// <summary>Ends it, so that its number can be given to another one, unless the kernel knows something of
    /// it.</summary>
    /// <returns>True for the call that did it.</returns>
    public bool TryRetire()
    {
        using (_useLock.EnterScope())
        {
            if (_isRetired || _state != State.Closed || _references > 0 || _openers.Count > 0) return false;
            return _isStale = _isRetired = true;
        }
    }

    /// <inheritdoc/>
    public bool TryYield(bool isForced, ICollection<uint> openers)
    {
        PfsView? view;
        using (_useLock.EnterScope())
        {
            while (_state is State.Opening or State.Closing) _useLock.Wait();
            if (isForced) _isStale = true;
            else if (_openers.Count > 0)
            {
                foreach (uint process in _openers.Values) openers.Add(process);
                return false;
            }
            if (_state == State.Closed) return true;
            _state = State.Closing;
            while (_operations > 0) _useLock.Wait();
            view = _view;
            (_view, _fileSystem) = (null, null);
        }
        view!.Dispose();
        End(State.Closed);
        return true;
    }

    private int OpenAndEnter(out IFuseFileSystem? fileSystem)
    {
        fileSystem = null;
        PfsView? view = null;
        bool isDone = false;
        try
        {
            Hammer2Error error = _open(Label, this, out view);
            if (error == Hammer2Error.None && !view!.IsSnapshot) error = Hammer2Error.NoEntry;
            if (error == Hammer2Error.None) fileSystem = _serve(view!.Pfs);
            int answer = Opened(error, view, fileSystem);
            isDone = answer == FuseErrno.None;
            return answer;
        }
        finally
        {
            if (!isDone)
            {
                view?.Dispose();
                End(State.Closed);
            }
        }
    }

    private int Opened(Hammer2Error error, PfsView? view, IFuseFileSystem? fileSystem)
    {
        using (_useLock.EnterScope())
        {
            bool wasKnown = _identity is not null;
            bool isGone = error == Hammer2Error.NoEntry;
            if (error == Hammer2Error.None)
            {
                _identity ??= view!.Identity;
                isGone = _identity != view!.Identity;
            }
            if (isGone) _isStale = true;
            if (isGone) return wasKnown ? FuseErrno.ESTALE : FuseErrno.ENOENT;
            if (error != Hammer2Error.None) return (int)error.ToErrno();
            (_view, _fileSystem, _state) = (view, fileSystem, State.Open);
            _operations++;
            _useLock.PulseAll();
            return FuseErrno.None;
        }
    }

    private void End(State state)
    {
        using (_useLock.EnterScope())
        {
            _state = state;
            _useLock.PulseAll();
        }
    }
}
