"""The few classes of Android that the templates name, so that `javac` can read them.

They have the signatures of Android's own, and do nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_STUBS = {
    "android.app.Activity": """class Activity extends android.content.Context {
        protected void onCreate(android.os.Bundle state) {}
        protected void onDestroy() {}
        public void setContentView(android.view.View view) {}
    }""",
    "android.content.Context": """abstract class Context {
        public android.content.res.AssetManager getAssets() { return null; }
        public android.content.res.Resources getResources() { return null; }
    }""",
    "android.content.res.AssetManager": """final class AssetManager {
        public AssetFileDescriptor openFd(String name) throws java.io.IOException {
            return null;
        }
    }""",
    "android.content.res.AssetFileDescriptor": """class AssetFileDescriptor
            implements java.io.Closeable {
        public java.io.FileDescriptor getFileDescriptor() { return null; }
        public long getStartOffset() { return 0; }
        public long getDeclaredLength() { return 0; }
        public void close() throws java.io.IOException {}
    }""",
    "android.content.res.Resources": """class Resources {
        public android.util.DisplayMetrics getDisplayMetrics() { return null; }
    }""",
    "android.util.DisplayMetrics": "class DisplayMetrics { public int widthPixels; }",
    "android.os.Bundle": "final class Bundle {}",
    "android.view.MotionEvent": """final class MotionEvent {
        public static final int ACTION_DOWN = 0;
        public static final int ACTION_UP = 1;
        public static final int ACTION_MOVE = 2;
        public int getActionMasked() { return 0; }
        public float getX() { return 0; }
        public float getY() { return 0; }
    }""",
    "android.view.View": """class View {
        public interface OnClickListener { void onClick(View view); }
        public View(android.content.Context context) {}
        public void setOnClickListener(OnClickListener listener) {}
        public void setContentDescription(CharSequence text) {}
        public void invalidate() {}
        public final int getWidth() { return 0; }
        public final int getHeight() { return 0; }
        protected void onDraw(android.graphics.Canvas canvas) {}
        public boolean onTouchEvent(MotionEvent event) { return false; }
        public boolean performClick() { return false; }
    }""",
    "android.view.ViewGroup": """abstract class ViewGroup extends View {
        public static class LayoutParams {
            public LayoutParams(int width, int height) {}
        }
        public ViewGroup(android.content.Context context) { super(context); }
        public void addView(View child) {}
        public void addView(View child, LayoutParams layout) {}
    }""",
    "android.widget.LinearLayout": """class LinearLayout extends
            android.view.ViewGroup {
        public static final int VERTICAL = 1;
        public LinearLayout(android.content.Context context) { super(context); }
        public void setOrientation(int orientation) {}
    }""",
    "android.widget.TextView": """class TextView extends android.view.View {
        public TextView(android.content.Context context) { super(context); }
        public final void setText(CharSequence text) {}
    }""",
    "android.widget.Button": """class Button extends TextView {
        public Button(android.content.Context context) { super(context); }
    }""",
    "android.graphics.Bitmap": """final class Bitmap {
        public enum Config { ARGB_8888 }
        public static Bitmap createBitmap(int width, int height, Config config) {
            return null;
        }
        public void getPixels(
            int[] to, int offset, int stride, int x, int y, int width, int height) {}
    }""",
    "android.graphics.Canvas": """class Canvas {
        public Canvas() {}
        public Canvas(Bitmap bitmap) {}
        public void drawColor(int color) {}
        public void drawPath(Path path, Paint paint) {}
        public void scale(float x, float y) {}
    }""",
    "android.graphics.Color": """class Color {
        public static final int BLACK = 0xff000000;
        public static final int WHITE = 0xffffffff;
        public static int alpha(int color) { return color >>> 24; }
    }""",
    "android.graphics.Paint": """class Paint {
        public static final int ANTI_ALIAS_FLAG = 1;
        public enum Style { STROKE }
        public enum Cap { ROUND }
        public enum Join { ROUND }
        public Paint(int flags) {}
        public void setColor(int color) {}
        public void setStyle(Style style) {}
        public void setStrokeCap(Cap cap) {}
        public void setStrokeJoin(Join join) {}
        public void setStrokeWidth(float width) {}
    }""",
    "android.graphics.Path": """class Path {
        public void reset() {}
        public void moveTo(float x, float y) {}
        public void lineTo(float x, float y) {}
    }""",
}


def write_stubs(folder: Path) -> list[Path]:
    """Write the classes' sources and give their paths."""
    made: list[Path] = []
    for name, text in _STUBS.items():
        path = folder / f"{name.replace('.', '/')}.java"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"package {name.rpartition('.')[0]};\n\npublic {text}\n")
        made.append(path)
    return made
