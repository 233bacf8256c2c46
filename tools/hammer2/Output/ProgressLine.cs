// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Tool.Output;

/// <summary>
/// A line on standard error that is written over as work goes on. Drawn for people only: nothing is written
/// when standard error is not a terminal, and at most ten times a second when it is.
/// </summary>
internal sealed class ProgressLine : IDisposable
{
    private const int WidthMax = 110;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly Terminal _terminal;
    private long _shownAt;
    private bool _isShown;

    /// <summary>Draws on the terminal's error stream.</summary>
    public ProgressLine(Terminal terminal) => _terminal = terminal;

    /// <summary>True when <see cref="Show"/> draws anything at all.</summary>
    public bool IsVisible => _terminal.ErrorIsTerminal;

    /// <summary>Replaces the line, unless it was replaced a moment ago.</summary>
    public void Show(string text)
    {
        if (!IsVisible) return;
        long now = _terminal.Time.GetTimestamp();
        if (_isShown && _terminal.Time.GetElapsedTime(_shownAt, now) < Interval) return;
        (_shownAt, _isShown) = (now, true);
        _terminal.Error.Write("\r\x1b[K" + (text.Length > WidthMax ? text[..WidthMax] : text));
    }

    /// <summary>A bar of a given share, 0 to 1.</summary>
    public static string Bar(double share)
    {
        const int Width = 30;
        int full = (int)(Width * Math.Clamp(share, 0, 1));
        return "[" + new string('#', full) + new string('.', Width - full) + "]";
    }

    /// <summary>Takes the line away, so that other output starts on a clean one.</summary>
    public void Clear()
    {
        if (!_isShown) return;
        _terminal.Error.Write("\r\x1b[K");
        _isShown = false;
    }

    /// <summary>Takes the line away.</summary>
    public void Dispose() => Clear();
}
