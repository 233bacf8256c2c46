// SPDX-License-Identifier: BSD-3-Clause
using Concurrency;
using Hammer2.Fuse.Administration.Requests;
using Hammer2.Vnodes;

namespace Hammer2.Fuse.Administration.Doors;

/// <summary>
/// One open control file: a write makes a request, and reads return its answer from its beginning to its end. While a
/// long request runs in the background, reads return its progress, and writes are refused. Thread-safe.
/// </summary>
internal sealed class ControlConversation
{
    private readonly RequestTable _table;
    private readonly AdministeredMount _mount;
    private readonly RankedLock _lock = new(LockRank.ControlConversation);  // guards the fields below
    private byte[] _text = [];
    private int _next;
    private bool _isJson;
    private bool _isReport;                         // the text is of a request that runs, and has an end of its own
    private bool _isBusy;                           // a request is being carried out by its writer
    private BackgroundJob? _job;
    private Action? _whenReady;

    /// <summary>A file that was opened.</summary>
    public ControlConversation(RequestTable table, AdministeredMount mount)
    {
        _table = table;
        _mount = mount;
    }

    /// <summary>Makes a request.</summary>
    /// <param name="user">The user that writes.</param>
    /// <param name="bytes">The request.</param>
    /// <param name="isCancelled">True once the caller was interrupted.</param>
    /// <returns>None when it is done, or runs in the background; the error of the request, with a sentence for the next
    /// read; EINVAL for a malformed one; EBUSY while an earlier one runs.</returns>
    public Errno Write(uint user, ReadOnlySpan<byte> bytes, Func<bool> isCancelled)
    {
        using (_lock.EnterScope())
        {
            if (_isBusy || _job is { Answer: null }) return Errno.EBUSY;
            (_isBusy, _job, _text, _next, _isReport) = (true, null, [], 0, false);
        }
        RequestAnswer? answer = null;
        BackgroundJob? job = null;
        bool isJson = false;
        try
        {
            answer = Make(user, bytes, isCancelled, out isJson, out job);
        }
        finally
        {
            using (_lock.EnterScope())
            {
                (_isBusy, _isJson, _job) = (false, isJson, job);
                if (answer is not null) _text = AnswerEncoder.Encode(answer, isJson);
            }
        }
        job?.WhenEnded(WakePolls);
        if (job is null or { Answer: not null }) WakePolls();
        return answer?.Error ?? Errno.None;
    }

    /// <summary>Reads on in the answer.</summary>
    /// <returns>Number of bytes; 0 at its end, before the first request, and while a short request is carried
    /// out.</returns>
    public int Read(Span<byte> room)
    {
        using (_lock.EnterScope())
        {
            bool isAtEnd = _next == _text.Length;
            if (isAtEnd && _isReport)
            {
                // The next read begins another report, or the answer.
                (_text, _next, _isReport) = ([], 0, false);
                return 0;
            }
            if (_job is { Answer: { } answer } && isAtEnd)
                (_text, _next, _job) = (AnswerEncoder.Encode(answer, _isJson), 0, null);
            else if (_job is { Answer: null } job && _text.Length == 0)
                (_text, _isReport) = (
                    AnswerEncoder.EncodeRunning(StatusRequests.ResultOf(job, _mount.Time), _isJson), true);
            int bytes = Math.Min(room.Length, _text.Length - _next);
            _text.AsSpan(_next, bytes).CopyTo(room);
            _next += bytes;
            return bytes;
        }
    }

    /// <summary>Tells whether an answer can be read to its end, and a request be made.</summary>
    /// <param name="whenReady">Called once, on another thread, when a running request has ended; null for
    /// nothing.</param>
    /// <returns>Whether the last request is answered, and whether the next one can be made.</returns>
    public (bool HasAnswer, bool AcceptsRequest) Poll(Action? whenReady)
    {
        using (_lock.EnterScope())
        {
            if (_isBusy || _job is { Answer: null })
            {
                _whenReady = whenReady ?? _whenReady;
                return (false, false);
            }
            return (_job is not null || _next < _text.Length, true);
        }
    }

    // Null when it runs in the background.
    private RequestAnswer? Make(uint user, ReadOnlySpan<byte> bytes, Func<bool> isCancelled, out bool isJson,
        out BackgroundJob? job)
    {
        job = null;
        string? fault = ControlRequestText.Parse(bytes, out ControlRequestText? text, out isJson);
        if (fault is not null) return RequestAnswer.Refused("", Errno.EINVAL, "malformed request: " + fault);
        Caller caller = _mount.CallerOf(user);
        // A caller that may not make the request is not told what is wrong with its arguments.
        RequestRow? row = _table.Find(text!.Name);
        if (row is null || !caller.IsAmong(row.Callers))
            return _table.Refusal(text.Name, caller, RequestArguments.None, out _);
        fault = RequestArguments.Bind(row.Parameters, text.Values, out RequestArguments arguments);
        if (fault is not null) return RequestAnswer.Refused(row.Name, Errno.EINVAL, fault);
        if (!row.IsLong) return _table.Run(row.Name, new RequestContext(_mount, caller, isCancelled), arguments);
        job = _mount.Jobs.TryStart(row.Name,
            running => row.Run(RequestContext.OfJob(_mount, caller, running), arguments));
        return job is null
            ? RequestAnswer.Refused(row.Name, Errno.EBUSY, "too many long requests run, or the mount is ending")
            : null;
    }

    private void WakePolls()
    {
        Action? whenReady;
        using (_lock.EnterScope()) (whenReady, _whenReady) = (_whenReady, null);
        whenReady?.Invoke();
    }
}
